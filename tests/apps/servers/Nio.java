// A server with NIO: java Nio PORT4 PORT_DUAL. Answers each line with "ADDRESS PORT".
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

public class Nio {
	static void listen(Selector selector, StandardProtocolFamily family, String address,
			   String port) throws Exception {
		ServerSocketChannel channel = ServerSocketChannel.open(family);

		channel.bind(new InetSocketAddress(address, Integer.parseInt(port)));
		channel.configureBlocking(false);
		channel.register(selector, SelectionKey.OP_ACCEPT);
	}

	static void accept(Selector selector, SelectionKey key) throws Exception {
		SocketChannel channel = ((ServerSocketChannel)key.channel()).accept();

		channel.configureBlocking(false);
		channel.register(selector, SelectionKey.OP_READ);
	}

	static void answer(SelectionKey key) throws Exception {
		SocketChannel channel = (SocketChannel)key.channel();
		InetSocketAddress peer = (InetSocketAddress)channel.getRemoteAddress();
		String text = peer.getAddress().getHostAddress() + " " + peer.getPort() + "\n";

		if (channel.read(ByteBuffer.allocate(4096)) > 0)
			channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)));
		channel.close();
	}

	public static void main(String[] args) throws Exception {
		Selector selector = Selector.open();

		listen(selector, StandardProtocolFamily.INET, "0.0.0.0", args[0]);
		listen(selector, StandardProtocolFamily.INET6, "::", args[1]);
		for (;;) {
			selector.select();
			for (SelectionKey key : selector.selectedKeys()) {
				if (key.isAcceptable())
					accept(selector, key);
				else
					answer(key);
			}
			selector.selectedKeys().clear();
		}
	}
}
