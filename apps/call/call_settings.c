/* call_settings.c - the options of dtls-call. */
#include "apps/call/call_settings.h"

#include <string.h>

#include "apps/complain.h"

static const char *const codec_words[] = { "pcmu", "opus", NULL }; /* as enum voice_codec */

#define AT(field) offsetof(struct call_settings, field)
#define HEADING(text)                                                                                                  \
    {                                                                                                                  \
        1, NULL, NULL, text, NULL, 0, 0, 0, NULL                                                                       \
    }

const struct option_row call_rows[] = {
    HEADING("Who"),
    { 1, "host", "H", "with listen: the address to listen on (127.0.0.1)", option_text, AT(host), 0, 0, NULL },
    { 1, "cert", "FILE", "own certificate chain, PEM, leaf first (a P-256 one is made)", option_text, AT(cert), 0, 0,
      NULL },
    { 1, "key", "FILE", "its private key, PEM (the file of --cert)", option_text, AT(key), 0, 0, NULL },
    { 1, "pin", "SHA-256:..", "talk only to the certificate with this fingerprint (to anybody)", settings_read_pin,
      AT(pin), 0, 0, NULL },

    HEADING("Keys"),
    { 1, "srtp", "A,B",
      "SRTP profiles, best first (all):\nAEAD_AES_128_GCM, AEAD_AES_256_GCM, AES128_CM_HMAC_SHA1_80,\n"
      "AES128_CM_HMAC_SHA1_32",
      settings_read_profiles, AT(profiles), 0, 0, NULL },
    { 1, "srtp-mki", "BYTES", "with an MKI; with listen: of any length, if not 0 (0: without)", option_whole, AT(mki),
      0, 128, NULL },
    { 1, "rehandshake-every", "SECONDS", "renew the keys this often, in the middle of the call (never)", option_real,
      AT(rehandshake_every_s), 1, 86400, NULL },

    HEADING("Voice"),
    { 1, "codec", "pcmu|opus", "G.711 u-law, or Opus; both ends the same (pcmu)", option_word, AT(codec), 0, 0,
      codec_words },
    { 1, "tone", "HZ", "say this tone (440)", option_whole, AT(hz), 20, 3900, NULL },
    { 1, "play", "FILE", "or this WAV file, and hang up where it ends: PCM, 16 bits, mono", option_text, AT(play), 0, 0,
      NULL },
    { 1, "record", "FILE", "what is heard, as a WAV file", option_text, AT(record), 0, 0, NULL },
    { 1, "for", "SECONDS", "hang up after so long (when the other side does)", option_real, AT(for_s), 0.1, 86400,
      NULL },

    HEADING("Output"),
    { 1, "frames", "FILE",
      "a line for each frame that is sent or received: the sequence\nnumber of its packet, and a number that stands "
      "for "
      "its payload",
      option_text, AT(frames), 0, 0, NULL },
    { 1, "json", NULL, "one JSON object per event on stdout, and nothing else there", option_flag, AT(json), 0, 0,
      NULL },
    { 1, "verbose", NULL, "say more (without --json)", option_flag, AT(verbose), 0, 0, NULL },
    { 1, "keylog", "FILE", "append the secrets for Wireshark (NSS key log)", option_text, AT(keylog), 0, 0, NULL },
    { 0 },
};

void call_settings_init(struct call_settings *settings)
{
    *settings = (struct call_settings){
        .host = "127.0.0.1",
        .profiles = { { DTLS_SRTP_AEAD_AES_128_GCM, DTLS_SRTP_AEAD_AES_256_GCM, DTLS_SRTP_AES128_CM_HMAC_SHA1_80,
                        DTLS_SRTP_AES128_CM_HMAC_SHA1_32 },
                      4 },
        .hz = 440,
    };
}

void call_settings_check(const struct call_settings *settings)
{
    if (settings->key != NULL && settings->cert == NULL)
        refuse("--key needs --cert");
}

void call_settings_configure(const struct call_settings *settings, struct dtls_config *config)
{
    dtls_config_init(config);
    dtls_config_preset_realtime(config);
    config->verifier = settings->pin.given ? dtls_verifier_pinned(settings->pin.fingerprint) : dtls_verifier_accept();
    config->client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
    memcpy(config->srtp_profiles, settings->profiles.at, sizeof config->srtp_profiles);
    config->srtp_profile_count = settings->profiles.count;
    config->srtp_required = true;
    config->srtp_mki_len = (uint8_t)settings->mki;
}
