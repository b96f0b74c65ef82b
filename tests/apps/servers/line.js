// A server with Node's net: node line.js PORT4 PORT6 PORT_DUAL
//
// Answers each line with "ADDRESS PORT", its peer. libuv asks for it only when the
// program does, by getpeername(): here that is after the line came.
const net = require("net");

function serve(options) {
	net.createServer((socket) => {
		socket.on("error", () => {});
		socket.once("data", () =>
			socket.end(`${socket.remoteAddress} ${socket.remotePort}\n`));
	}).listen(options);
}

const [port4, port6, portDual] = process.argv.slice(2).map(Number);
serve({ host: "0.0.0.0", port: port4 });
serve({ host: "::", port: port6, ipv6Only: true });
serve({ host: "::", port: portDual });
