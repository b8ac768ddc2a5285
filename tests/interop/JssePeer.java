/* JssePeer.java - a DTLS 1.2 client or server on Java's SSLEngine, for java_test.sh.
 *
 *     java JssePeer server PORT PEM      echoes every record; one association at a time
 *     java JssePeer client PORT PEM      any certificate of the server will do
 *
 * Lines of stdin are sent as records. `:rehandshake full` and `:rehandshake abbreviated` begin one (in a server,
 * with a HelloRequest), `:close` closes. What happens is a line of stdout each. */
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Base64;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSession;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

public class JssePeer {
    static final int RETRANSMIT_MS = 4000; // SSLEngine has no clock: wrapping while it waits sends its flight again
    static final int LARGEST = 65536;

    final DatagramChannel channel = DatagramChannel.open();
    final Selector selector = Selector.open();
    final Queue<String> typed = new ConcurrentLinkedQueue<>();
    final SSLContext context = SSLContext.getInstance("DTLSv1.2");
    final boolean isClient;

    SSLEngine engine;   // null: no association
    SocketAddress peer;
    SSLSession session; // of the handshake before, to see whether this one resumed it
    final Queue<ByteBuffer> unsent = new ArrayDeque<>(); // in mid-handshake SSLEngine takes no data

    public static void main(String[] args) throws Exception {
        JssePeer program = new JssePeer(args[0].equals("client"));
        program.context.init(keys(Path.of(args[2])), new TrustManager[] { new Trusting() }, null);
        program.run(new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(args[1])));
    }

    JssePeer(boolean isClient) throws Exception {
        this.isClient = isClient;
    }

    // ---- the loop ----

    void run(InetSocketAddress address) throws Exception {
        ByteBuffer datagram = ByteBuffer.allocate(LARGEST);
        warmUp();
        channel.configureBlocking(false);
        channel.register(selector, SelectionKey.OP_READ);
        if (isClient) {
            channel.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            begin(address);
        } else {
            channel.bind(address);
            say("listening");
        }
        Thread keyboard = new Thread(this::readKeyboard);
        keyboard.setDaemon(true);
        keyboard.start();

        long deadline = System.nanoTime() + RETRANSMIT_MS * 1000000L;
        while (!isClient || engine != null) {
            long left = (deadline - System.nanoTime()) / 1000000;
            if (isWaiting() && left <= 0)
                guarded(this::retransmit);
            if (!isWaiting() || left <= 0)
                deadline = System.nanoTime() + (left = RETRANSMIT_MS) * 1000000L;
            selector.select(left);
            selector.selectedKeys().clear();
            for (;;) {
                datagram.clear();
                SocketAddress from = channel.receive(datagram);
                if (from == null)
                    break;
                datagram.flip();
                if (!isClient && !from.equals(peer) && startsAssociation(datagram))
                    begin(from);
                if (engine != null && from.equals(peer)) {
                    deadline = System.nanoTime() + RETRANSMIT_MS * 1000000L;
                    guarded(() -> take(datagram));
                }
            }
            for (String line = typed.poll(); line != null; line = typed.poll()) {
                String said = line;
                if (engine != null)
                    guarded(() -> obey(said));
            }
        }
    }

    // A handshake with itself, in memory: a cold virtual machine takes seconds for its first one, repeats meanwhile
    // cross, and SSLEngine does not survive a Finished that comes twice if a rehandshake follows.
    void warmUp() throws SSLException {
        SSLEngine[] ends = { context.createSSLEngine("warm", 1), context.createSSLEngine() };
        Queue<ByteBuffer> in = new ArrayDeque<>(), out = new ArrayDeque<>(), swap;
        ends[0].setUseClientMode(true);
        ends[1].setUseClientMode(false);
        ends[0].beginHandshake();
        ends[1].beginHandshake();
        for (int turn = 0; turn < 10; turn++, swap = in, in = out, out = swap)
            while (!turnOf(ends[turn % 2], in, out)) {
            }
    }

    static boolean turnOf(SSLEngine end, Queue<ByteBuffer> in, Queue<ByteBuffer> out) throws SSLException {
        ByteBuffer bytes = ByteBuffer.allocate(LARGEST), none = ByteBuffer.allocate(0);
        switch (end.getHandshakeStatus()) {
        case NEED_TASK:
            end.getDelegatedTask().run();
            return false;
        case NEED_WRAP:
            end.wrap(none, bytes);
            out.add(bytes.flip());
            return false;
        case NEED_UNWRAP_AGAIN:
            end.unwrap(none, bytes);
            return false;
        case NEED_UNWRAP:
            if (in.isEmpty())
                return true;
            end.unwrap(in.remove(), bytes);
            return false;
        default:
            return true;
        }
    }

    static boolean startsAssociation(ByteBuffer datagram) { // a handshake record of epoch 0
        return datagram.limit() > 13 && datagram.get(0) == 22 && datagram.getShort(3) == 0;
    }

    void readKeyboard() {
        try (BufferedReader in = new BufferedReader(new InputStreamReader(System.in))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                typed.add(line);
                selector.wakeup();
            }
        } catch (IOException e) {
            say("keyboard: " + e.getMessage());
        }
    }

    static void say(String what) {
        System.out.println(what);
        System.out.flush();
    }

    // ---- an association ----

    void begin(SocketAddress with) throws SSLException {
        peer = with;
        unsent.clear();
        session = null;
        engine = context.createSSLEngine("libdtls", 1); // a name, so that its client finds the session to resume
        engine.setUseClientMode(isClient);
        SSLParameters parameters = engine.getSSLParameters();
        parameters.setMaximumPacketSize(1200);
        engine.setSSLParameters(parameters);
        engine.beginHandshake();
        guarded(this::drive);
    }

    interface Step {
        void run() throws IOException;
    }

    void guarded(Step step) {
        try {
            step.run();
        } catch (IOException e) { // SSLException too: the engine has an alert to send
            say("failed: " + e.getMessage());
            try {
                while (engine.getHandshakeStatus() == SSLEngineResult.HandshakeStatus.NEED_WRAP)
                    wrap(ByteBuffer.allocate(0));
            } catch (IOException again) {
                say("failed again: " + again.getMessage());
            }
            end();
        }
    }

    void end() {
        engine = null;
        peer = null;
    }

    boolean isWaiting() { // in a handshake, for the peer
        return engine != null && engine.getHandshakeStatus() == SSLEngineResult.HandshakeStatus.NEED_UNWRAP;
    }

    void obey(String line) throws IOException {
        if (line.equals(":close")) {
            engine.closeOutbound();
        } else if (line.startsWith(":rehandshake ")) {
            if (line.endsWith("full"))
                engine.getSession().invalidate();
            say("begins a rehandshake");
            engine.beginHandshake();
        } else {
            unsent.add(ByteBuffer.wrap(line.getBytes(StandardCharsets.UTF_8)));
        }
        drive();
    }

    void take(ByteBuffer datagram) throws IOException {
        while (engine != null && datagram.hasRemaining()) {
            int before = datagram.remaining();
            unwrap(datagram);
            drive();
            if (datagram.remaining() == before)
                break;
        }
    }

    void retransmit() throws IOException {
        say("repeats its flight");
        wrap(ByteBuffer.allocate(0));
        drive();
    }

    // What the engine wants to do now, and what waits to be sent.
    void drive() throws IOException {
        while (engine != null) {
            switch (engine.getHandshakeStatus()) {
            case NEED_TASK:
                for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask())
                    task.run();
                continue;
            case NEED_WRAP:
                wrap(ByteBuffer.allocate(0));
                continue;
            case NEED_UNWRAP_AGAIN:
                unwrap(ByteBuffer.allocate(0));
                continue;
            default:
                break;
            }
            if (engine.isOutboundDone()) {
                wrap(ByteBuffer.allocate(0)); // throws what a task has thrown
                say("closed");
                end();
            } else if (!unsent.isEmpty() && !isWaiting()) {
                wrap(unsent.peek());
                if (!unsent.peek().hasRemaining())
                    unsent.remove();
                continue;
            }
            return;
        }
    }

    void wrap(ByteBuffer data) throws IOException {
        ByteBuffer datagram = ByteBuffer.allocate(LARGEST);
        SSLEngineResult result = engine.wrap(data, datagram);
        datagram.flip();
        if (datagram.hasRemaining())
            channel.send(datagram, peer);
        heed(result);
    }

    void unwrap(ByteBuffer datagram) throws IOException {
        ByteBuffer data = ByteBuffer.allocate(LARGEST);
        SSLEngineResult result = engine.unwrap(datagram, data);
        data.flip();
        heed(result);
        if (data.hasRemaining()) {
            say("data " + StandardCharsets.UTF_8.decode(data.duplicate()));
            if (!isClient)
                unsent.add(data);
        }
        if (result.getStatus() == SSLEngineResult.Status.CLOSED && !engine.isOutboundDone())
            engine.closeOutbound();
    }

    void heed(SSLEngineResult result) {
        if (result.getHandshakeStatus() != SSLEngineResult.HandshakeStatus.FINISHED)
            return;
        boolean resumed = session != null && Arrays.equals(session.getId(), engine.getSession().getId());
        say((session == null ? "open " : resumed ? "resumed " : "renewed ") + engine.getSession().getCipherSuite());
        session = engine.getSession();
    }

    // ---- who they are ----

    static KeyManager[] keys(Path pem) throws Exception {
        String text = Files.readString(pem);
        Certificate certificate = CertificateFactory.getInstance("X.509").generateCertificate(
            new ByteArrayInputStream(text.getBytes(StandardCharsets.US_ASCII)));
        String base64 = text.replaceAll("(?s).*-----BEGIN PRIVATE KEY-----(.*)-----END PRIVATE KEY-----.*", "$1");
        PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(base64));
        PrivateKey key = KeyFactory.getInstance(certificate.getPublicKey().getAlgorithm()).generatePrivate(spec);
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry("self", key, new char[0], new Certificate[] { certificate });
        KeyManagerFactory factory = KeyManagerFactory.getInstance("PKIX");
        factory.init(store, new char[0]);
        return factory.getKeyManagers();
    }

    static class Trusting extends X509ExtendedTrustManager {
        public void checkClientTrusted(X509Certificate[] chain, String type) {}
        public void checkServerTrusted(X509Certificate[] chain, String type) {}
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
