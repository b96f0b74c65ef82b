// A server with Node's http: node http.js PORT. Without an address it is dual-stack.
const http = require("http");

http.createServer((request, response) => {
	response.end(`${request.socket.remoteAddress} ${request.socket.remotePort}\n`);
}).listen(Number(process.argv[2]));
