/* srtp_peer_gnutls.c - one DTLS-SRTP handshake by GnuTLS, whose programs know no use_srtp: as a server for our client,
 * or a client of our server. Prints its keys as our programs do, as seen from here: one JSON object.
 *
 * Usage: srtp-peer-gnutls listen|connect PORT PEM PROFILE [MKI in hex]. PROFILE as GnuTLS names it. */
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <gnutls/dtls.h>
#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void must(int result, const char *what)
{
    if (result >= 0)
        return;
    fprintf(stderr, "%s: %s\n", what, gnutls_strerror(result));
    exit(1);
}

/* A socket on loopback that hears one peer only: the one at `port`, or the first to speak there. */
static int meet(bool server, uint16_t port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
    struct sockaddr_in peer;
    socklen_t len = sizeof peer;
    uint8_t byte;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || (server && bind(fd, (struct sockaddr *)&address, sizeof address) != 0)) {
        perror("socket");
        exit(1);
    }
    if (!server) {
        peer = address;
    } else {
        puts("listening");
        fflush(stdout);
        if (recvfrom(fd, &byte, 1, MSG_PEEK, (struct sockaddr *)&peer, &len) < 0)
            exit(1);
    }
    if (connect(fd, (struct sockaddr *)&peer, sizeof peer) != 0) {
        perror("connect");
        exit(1);
    }
    return fd;
}

static void put(const char *name, const gnutls_datum_t *bytes, const char *end)
{
    printf("\"%s\":\"", name);
    for (unsigned i = 0; i < bytes->size; i++)
        printf("%02x", bytes->data[i]);
    printf("\"%s", end);
}

static void print_keys(gnutls_session_t session, bool server)
{
    uint8_t material[2 * (32 + 14)];
    gnutls_datum_t client_key, client_salt, server_key, server_salt, mki = { NULL, 0 };

    must(gnutls_srtp_get_keys(session, material, sizeof material, &client_key, &client_salt, &server_key, &server_salt),
         "gnutls_srtp_get_keys");
    if (gnutls_srtp_get_mki(session, &mki) < 0)
        mki.size = 0;
    putchar('{');
    put("send_key", server ? &server_key : &client_key, ",");
    put("send_salt", server ? &server_salt : &client_salt, ",");
    put("receive_key", server ? &client_key : &server_key, ",");
    put("receive_salt", server ? &client_salt : &server_salt, ",");
    put("mki", &mki, "}\n");
    fflush(stdout);
}

static gnutls_datum_t bytes_of(const char *hex)
{
    static uint8_t bytes[255];
    gnutls_datum_t out = { bytes, 0 };

    for (; hex[0] != '\0' && hex[1] != '\0' && out.size < sizeof bytes; hex += 2) {
        char digits[] = { hex[0], hex[1], '\0' };
        bytes[out.size++] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return out;
}

int main(int argc, char **argv)
{
    gnutls_certificate_credentials_t credentials;
    gnutls_srtp_profile_t profile;
    gnutls_session_t session;
    char record[2048];

    if (argc < 5) {
        fprintf(stderr, "usage: %s listen|connect PORT PEM PROFILE [MKI]\n", argv[0]);
        return 2;
    }
    bool server = strcmp(argv[1], "listen") == 0;
    must(gnutls_certificate_allocate_credentials(&credentials), "credentials");
    must(gnutls_certificate_set_x509_key_file(credentials, argv[3], argv[3], GNUTLS_X509_FMT_PEM), argv[3]);
    must(gnutls_init(&session, (server ? GNUTLS_SERVER : GNUTLS_CLIENT) | GNUTLS_DATAGRAM), "session");
    must(gnutls_set_default_priority(session), "priority");
    must(gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials), "credentials");
    must(gnutls_srtp_get_profile_id(argv[4], &profile), argv[4]);
    must(gnutls_srtp_set_profile(session, profile), "gnutls_srtp_set_profile");
    if (argc > 5) {
        gnutls_datum_t mki = bytes_of(argv[5]);
        must(gnutls_srtp_set_mki(session, &mki), "gnutls_srtp_set_mki");
    }
    int fd = meet(server, (uint16_t)strtoul(argv[2], NULL, 10));
    gnutls_transport_set_int(session, fd);
    gnutls_dtls_set_mtu(session, 1200);
    gnutls_handshake_set_timeout(session, 10000);
    int result;
    do
        result = gnutls_handshake(session);
    while (result < 0 && gnutls_error_is_fatal(result) == 0);
    must(result, "handshake");
    print_keys(session, server);
    gnutls_record_set_timeout(session, 2000);
    if (server) /* until our client has closed */
        while (gnutls_record_recv(session, record, sizeof record) > 0)
            ;
    gnutls_bye(session, GNUTLS_SHUT_WR);
    gnutls_deinit(session);
    gnutls_certificate_free_credentials(credentials);
    close(fd);
    return 0;
}
