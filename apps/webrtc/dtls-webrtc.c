/* dtls-webrtc.c - a page, and a call from it that comes back: browsers against our DTLS and SRTP. */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apps/complain.h"
#include "apps/files.h"
#include "apps/json.h"
#include "apps/options.h"
#include "apps/settings.h"
#include "apps/webrtc/web.h"
#include "dtls/ev.h"

struct webrtc_settings {
    const char *host, *media_host, *tls_cert, *tls_key, *keylog;
    uint32_t port, media_port, most;
    int role; /* 1: active */
    struct settings_list profiles;
    bool json;
};

static const char *const role_words[] = { "passive", "active", NULL };

#define AT(field) offsetof(struct webrtc_settings, field)

static const struct option_row rows[] = {
    { 1, "host", "H", "where the page is served (127.0.0.1)", option_text, AT(host), 0, 0, NULL },
    { 1, "port", "P", "and its TCP port; 0: any (8080)", option_whole, AT(port), 0, 65535, NULL },
    { 1, "tls-cert", "FILE",
      "serve it as https, with this certificate chain, PEM (browsers\ngive microphone and camera "
      "to https and to localhost only)",
      option_text, AT(tls_cert), 0, 0, NULL },
    { 1, "tls-key", "FILE", "its private key, PEM (the file of --tls-cert)", option_text, AT(tls_key), 0, 0, NULL },
    { 1, "media-host", "H", "the address that browsers send media to (that of the way out)", option_text,
      AT(media_host), 0, 0, NULL },
    { 1, "media-port", "P", "and its UDP port; 0: any (0)", option_whole, AT(media_port), 0, 65535, NULL },
    { 1, "role", "passive|active", "DTLS server or client, where the browser lets us choose (passive)", option_word,
      AT(role), 0, 0, role_words },
    { 1, "srtp", "A,B",
      "SRTP profiles, best first (all):\nAEAD_AES_128_GCM, AEAD_AES_256_GCM, AES128_CM_HMAC_SHA1_80,\n"
      "AES128_CM_HMAC_SHA1_32",
      settings_read_profiles, AT(profiles), 0, 0, NULL },
    { 1, "max-calls", "N", "at once (64)", option_whole, AT(most), 1, 10000, NULL },
    { 1, "json", NULL, "one JSON object per event on stdout, and nothing else there", option_flag, AT(json), 0, 0,
      NULL },
    { 1, "keylog", "FILE", "append the secrets for Wireshark (NSS key log)", option_text, AT(keylog), 0, 0, NULL },
    { 0 },
};

static const struct option_program program = {
    .name = "dtls-webrtc",
    .mask = 1,
    .usage = "[options]",
    .about = "Serves a web page that calls it: microphone and camera go there and come back (WebRTC).",
    .notes = "Other clients: POST an offer (application/sdp) to /calls, as WHIP has it.\n"
             "Exit status: 0 fine, 2 a mistake in the options or files.\n\n"
             "Example:\n"
             "  dtls-webrtc                   then open http://127.0.0.1:8080/\n",
    .rows = rows,
};

/* The address that this machine has towards the world: no browser takes a loopback one. Nothing is sent. */
static const char *way_out(char out[ADDRESS_HOST])
{
    struct sockaddr_in far = { .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(0xc0000201) };
    socklen_t len = sizeof far;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    bool found = fd >= 0 && connect(fd, (struct sockaddr *)&far, len) == 0 &&
                 getsockname(fd, (struct sockaddr *)&far, &len) == 0;
    if (fd >= 0)
        close(fd);
    if (!found)
        return "127.0.0.1";
    address_host((struct sockaddr *)&far, len, out);
    return out;
}

static void configure(const struct webrtc_settings *settings, struct dtls_config *config)
{
    struct files_why why;

    dtls_config_init(config);
    dtls_config_preset_webrtc(config);
    config->identity = files_identity(NULL, NULL, &why);
    if (config->identity == NULL)
        refuse("%s", why.words);
    config->verifier = dtls_verifier_accept(); /* beside the fingerprint of each offer */
    memcpy(config->srtp_profiles, settings->profiles.at, sizeof config->srtp_profiles);
    config->srtp_profile_count = settings->profiles.count;
    config->srtp_required = true;
    if (settings->keylog != NULL) {
        config->keylog = files_keylog;
        config->keylog_arg = files_open_keylog(settings->keylog);
    }
}

static void tell_beginning(const struct webrtc_settings *settings, const struct web *web, const struct calls *calls)
{
    if (settings->json) {
        json_begin("listening");
        json_text("address", settings->host);
        json_whole("port", web->port);
        json_text("media_address", calls->host);
        json_whole("media_port", calls->port);
        json_text("fingerprint", calls->fingerprint);
        json_end();
        return;
    }
    printf("open %s://%s:%u/ in a browser; media is on %s UDP port %u\n", settings->tls_cert != NULL ? "https" : "http",
           settings->host, web->port, calls->host, calls->port);
    fflush(stdout);
}

static void on_signal(struct ev_loop *loop, ev_signal *signal, int happened)
{
    (void)signal, (void)happened;
    ev_break(loop, EVBREAK_ALL);
}

int main(int argc, char **argv)
{
    static struct webrtc_settings settings = {
        .host = "127.0.0.1",
        .port = 8080,
        .most = 64,
        .profiles = { { DTLS_SRTP_AEAD_AES_128_GCM, DTLS_SRTP_AEAD_AES_256_GCM, DTLS_SRTP_AES128_CM_HMAC_SHA1_80,
                        DTLS_SRTP_AES128_CM_HMAC_SHA1_32 },
                      4 },
    };
    static struct calls calls;
    static struct web web;
    static struct dtls_config config;
    static ev_signal interrupt, terminate;
    char host[ADDRESS_HOST];

    complain_as(program.name);
    options_read(&program, argc, argv, &settings, NULL);
    if (settings.tls_key != NULL && settings.tls_cert == NULL)
        refuse("--tls-key needs --tls-cert");
    configure(&settings, &config);
    char *cert = settings.tls_cert != NULL ? files_text(settings.tls_cert) : NULL;
    char *key = settings.tls_key != NULL ? files_text(settings.tls_key) : NULL;
    struct ev_loop *loop = EV_DEFAULT;
    const struct calls_settings about_calls = { settings.role == 1, settings.json, settings.most, &config };
    calls_open(&calls, loop, &about_calls, settings.media_host != NULL ? settings.media_host : way_out(host),
               (uint16_t)settings.media_port);
    web_open(&web, loop, &calls, settings.host, (uint16_t)settings.port, cert, key != NULL ? key : cert);
    ev_signal_init(&interrupt, on_signal, SIGINT);
    ev_signal_init(&terminate, on_signal, SIGTERM);
    ev_signal_start(loop, &interrupt);
    ev_signal_start(loop, &terminate);
    signal(SIGPIPE, SIG_IGN); /* a browser that is gone is no end of ours */
    tell_beginning(&settings, &web, &calls);
    ev_run(loop, 0);
    web_close(&web);
    calls_close(&calls);
    free(cert);
    free(key);
    if (config.keylog_arg != NULL)
        fclose(config.keylog_arg);
    dtls_identity_free((struct dtls_identity *)(uintptr_t)config.identity);
    return EXIT_FINE;
}
