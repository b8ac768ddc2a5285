/* identity_peer.c - the program around identity_peer_*: identity-peer-LIBRARY client|server PORT [OPTION VALUE]..., the
 * options being --suite SUITE, --psk IDENTITY:HEX, --cert FILE, --key FILE, --ca FILE, --name NAME, --alpn A,B. */
#include "tests/interop/identity_peer.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

void identity_peer_fail(const char *what, int number)
{
    fprintf(stderr, "%s: %d\n", what, number);
    exit(1);
}

/* A server waits for whoever sends first, and leaves the datagram where it is. */
static void meet(struct identity_peer *peer, unsigned port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((unsigned short)port) };
    struct timeval patience = { .tv_sec = peer->server ? 60 : 5 };
    socklen_t len = sizeof at;
    char byte;

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    peer->fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (peer->fd < 0)
        identity_peer_fail("socket", peer->fd);
    setsockopt(peer->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (peer->server) {
        if (bind(peer->fd, (struct sockaddr *)&at, len) != 0)
            identity_peer_fail("bind", (int)port);
        puts("ready");
        if (recvfrom(peer->fd, &byte, 1, MSG_PEEK, (struct sockaddr *)&at, &len) < 0)
            identity_peer_fail("nobody comes", 0);
    }
    if (connect(peer->fd, (struct sockaddr *)&at, len) != 0)
        identity_peer_fail("connect", (int)port);
    patience.tv_sec = 5;
    setsockopt(peer->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
}

void identity_peer_is_open(const struct identity_peer *peer, const char *name, const char *protocol, const char *common)
{
    printf("open%s%s", peer->identity == NULL ? "" : " ", peer->identity == NULL ? "" : peer->identity);
    if (name != NULL)
        printf(" name %s", name);
    if (protocol != NULL)
        printf(" protocol %s", protocol);
    if (common != NULL)
        printf(" peer %s", common);
    putchar('\n');
}

static void read_psk(struct identity_peer *peer, char *text)
{
    char *hex = strchr(text, ':');

    if (hex == NULL)
        identity_peer_fail("--psk IDENTITY:HEX", 0);
    *hex++ = '\0';
    peer->identity = text;
    for (; peer->key_len < sizeof peer->key && hex[0] != '\0' && hex[1] != '\0'; hex += 2) {
        char digits[3] = { hex[0], hex[1], '\0' };
        peer->key[peer->key_len++] = (unsigned char)strtoul(digits, NULL, 16);
    }
}

static void read_protocols(struct identity_peer *peer, char *text)
{
    for (char *each = strtok(text, ","); each != NULL; each = strtok(NULL, ",")) {
        if (peer->protocol_count == IDENTITY_PEER_PROTOCOLS)
            identity_peer_fail("--alpn: too many", IDENTITY_PEER_PROTOCOLS);
        peer->protocols[peer->protocol_count++] = each;
    }
}

static void read_option(struct identity_peer *peer, const char *option, char *value)
{
    const struct {
        const char *option;
        const char **to;
    } texts[] = { { "--suite", &peer->suite },
                  { "--cert", &peer->cert },
                  { "--key", &peer->private_key },
                  { "--ca", &peer->ca },
                  { "--name", &peer->name } };

    if (strcmp(option, "--psk") == 0) {
        read_psk(peer, value);
        return;
    }
    if (strcmp(option, "--alpn") == 0) {
        read_protocols(peer, value);
        return;
    }
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (strcmp(option, texts[i].option) == 0) {
            *texts[i].to = value;
            return;
        }
    identity_peer_fail(option, 0);
}

static void serve(void)
{
    char bytes[2048];
    int len;

    while ((len = identity_peer_read(bytes, sizeof bytes)) > 0) {
        printf("%.*s\n", len, bytes);
        identity_peer_write(bytes, (size_t)len);
    }
}

static void ask(void)
{
    char line[2048], bytes[2048];

    while (fgets(line, sizeof line, stdin) != NULL) {
        identity_peer_write(line, strcspn(line, "\n"));
        int len = identity_peer_read(bytes, sizeof bytes);
        printf("%.*s\n", len, bytes);
    }
}

int main(int argc, char **argv)
{
    static struct identity_peer peer;

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc < 3 || argc % 2 == 0)
        identity_peer_fail("client|server PORT [OPTION VALUE]...", argc);
    peer.server = strcmp(argv[1], "server") == 0;
    for (int i = 3; i < argc; i += 2)
        read_option(&peer, argv[i], argv[i + 1]);
    meet(&peer, (unsigned)strtoul(argv[2], NULL, 10));
    identity_peer_open(&peer);
    if (peer.server)
        serve();
    else
        ask();
    identity_peer_close();
    close(peer.fd);
    return 0;
}
