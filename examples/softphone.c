/* softphone.c - silence as SRTP both ways, 50 packets a second, with new keys every ten seconds:
 *
 *     softphone listen 5004
 *     softphone 127.0.0.1 5004 SHA-256:..      (the fingerprint that the listener prints) */
#define _DEFAULT_SOURCE /* explicit_bzero */
#include <arpa/inet.h>
#include <dtls/ev.h>
#include <dtls/mux.h>
#include <dtls/srtp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct phone {
    struct dtls_config config;
    struct dtls_ev_server *server; /* of the listener */
    struct dtls_ev_conn *conn;     /* the call */
    struct dtls_srtp *media;
    ev_timer speak, renew;
    uint16_t sequence;
    unsigned long heard;
} phone;

static void on_speak(struct ev_loop *loop, ev_timer *timer, int happened)
{
    uint8_t packet[12 + 160 + DTLS_SRTP_OVERHEAD] = { 0x80 };
    uint32_t timestamp = htonl(phone.sequence * 160u);
    uint16_t sequence = htons(phone.sequence++);
    size_t len;

    (void)loop, (void)timer, (void)happened;
    memcpy(packet + 2, &sequence, 2);
    memcpy(packet + 4, &timestamp, 4);
    packet[11] = 1;                /* SSRC */
    memset(packet + 12, 255, 160); /* silence in G.711 u-law */
    if (dtls_srtp_protect_rtp(phone.media, dtls_ev_now(), packet, 12 + 160, sizeof packet, &len) == DTLS_OK)
        dtls_ev_send_other(phone.conn, packet, len);
    dtls_srtp_tick(phone.media, dtls_ev_now());
}

static void on_renew(struct ev_loop *loop, ev_timer *timer, int happened)
{
    (void)loop, (void)timer, (void)happened;
    dtls_ev_rehandshake(phone.conn, DTLS_REHANDSHAKE_FULL); /* the call goes on */
}

/* Whatever is not DTLS on our port. */
static void on_media(void *arg, const struct sockaddr *from, socklen_t from_len, uint8_t *datagram, size_t len)
{
    struct dtls_srtp_opened opened;

    (void)arg, (void)from, (void)from_len;
    if (phone.conn == NULL || dtls_mux_classify(datagram, len) != DTLS_MUX_RTP)
        return; /* RTCP and STUN would go their way here */
    if (dtls_srtp_unprotect_rtp(phone.media, dtls_ev_now(), datagram, len, &opened) != DTLS_OK || opened.len == 0)
        return; /* forged, or a copy */
    dtls_ev_media_confirmed(phone.conn, opened.epoch);
    if (++phone.heard % 50 == 0)
        printf("heard %lu packets\n", phone.heard), fflush(stdout);
}

static void on_keys(struct dtls_ev_conn *conn, const struct dtls_event *event)
{
    struct dtls_srtp_keys keys;

    if (event->keys == DTLS_KEYS_ACCEPT) {
        if (dtls_conn_srtp_keys(dtls_ev_engine(conn), event->epoch, &keys) == DTLS_OK)
            dtls_srtp_add_keys(phone.media, dtls_ev_now(), &keys);
        explicit_bzero(&keys, sizeof keys);
    } else if (event->keys == DTLS_KEYS_SEND) {
        dtls_srtp_send_with(phone.media, dtls_ev_now(), event->epoch);
        if (!ev_is_active(&phone.speak))
            ev_timer_start(EV_DEFAULT, &phone.speak);
        if (phone.server == NULL && !ev_is_active(&phone.renew)) /* one side is enough */
            ev_timer_start(EV_DEFAULT, &phone.renew);
        printf("sending with the keys of epoch %u\n", event->epoch), fflush(stdout);
    } else {
        dtls_srtp_forget(phone.media, event->epoch);
    }
}

static void on_event(void *arg, struct dtls_ev_conn *conn, const struct dtls_event *event)
{
    (void)arg;
    if (event->type == DTLS_EVENT_OPEN && phone.conn == NULL)
        phone.conn = conn;
    else if (event->type == DTLS_EVENT_FAILED)
        fprintf(stderr, "no call: %s\n", dtls_error_string(event->error));
    if (conn != phone.conn)
        return; /* one call at a time */
    if (event->type == DTLS_EVENT_KEYS)
        on_keys(conn, event);
    else if (event->type == DTLS_EVENT_CLOSED || event->type == DTLS_EVENT_FAILED)
        ev_break(EV_DEFAULT, EVBREAK_ALL);
}

int main(int argc, char **argv)
{
    static uint8_t pin[DTLS_FINGERPRINT_LEN], fingerprint[DTLS_FINGERPRINT_LEN];
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    char text[DTLS_FINGERPRINT_TEXT];
    struct dtls_identity *identity;
    int64_t now = time(NULL), month = 30 * 24 * 3600;

    if (argc < 3 || (argc > 3 && dtls_fingerprint_parse(argv[3], pin) != DTLS_OK))
        return fprintf(stderr, "usage: softphone listen PORT, or softphone ADDRESS PORT [SHA-256:..]\n"), 2;
    int listens = strcmp(argv[1], "listen") == 0;
    at.sin_port = htons((uint16_t)atoi(argv[2]));
    if ((!listens && inet_pton(AF_INET, argv[1], &at.sin_addr) != 1) || dtls_srtp_new(NULL, &phone.media) ||
        dtls_identity_generate(DTLS_KEY_ECDSA_P256, "phone", now - 3600, now + month, NULL, NULL, &identity))
        return fprintf(stderr, "cannot begin\n"), 1;
    dtls_config_init(&phone.config);
    dtls_config_preset_realtime(&phone.config);
    phone.config.identity = identity;
    phone.config.verifier =
        argc > 3 ? dtls_verifier_pinned(pin) : dtls_verifier_accept(); /* or .fingerprints, of SDP */
    phone.config.srtp_profiles[0] = DTLS_SRTP_AEAD_AES_128_GCM;
    phone.config.srtp_profiles[1] = DTLS_SRTP_AES128_CM_HMAC_SHA1_80;
    phone.config.srtp_profile_count = 2;
    phone.config.srtp_required = true;
    ev_timer_init(&phone.speak, on_speak, 0.02, 0.02);
    ev_timer_init(&phone.renew, on_renew, 10., 10.);
    int error = listens ? dtls_ev_listen(EV_DEFAULT, &phone.config, (struct sockaddr *)&at, sizeof at, NULL, on_event,
                                         NULL, &phone.server)
                        : dtls_ev_connect(EV_DEFAULT, &phone.config, (struct sockaddr *)&at, sizeof at, NULL, on_event,
                                          NULL, &phone.conn);
    if (error != DTLS_OK)
        return perror(argv[1]), 1;
    if (listens)
        dtls_ev_server_set_other(phone.server, on_media, NULL);
    else
        dtls_ev_set_other(phone.conn, on_media, NULL);
    dtls_identity_fingerprint(identity, fingerprint);
    dtls_fingerprint_format(fingerprint, text);
    printf("%s\n", text), fflush(stdout);
    ev_run(EV_DEFAULT, 0);
    dtls_ev_server_free(phone.server);
    if (!listens)
        dtls_ev_free(phone.conn);
    dtls_srtp_free(phone.media);
    dtls_identity_free(identity);
    return 0;
}
