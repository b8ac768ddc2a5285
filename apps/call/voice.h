/* voice.h - what is said and what is heard: a tone or a WAV file as payloads of 20 ms, and payloads as a WAV file. */
#ifndef APPS_CALL_VOICE_H
#define APPS_CALL_VOICE_H

#include "apps/call/tone.h"
#include "apps/call/wav.h"

enum voice_codec { VOICE_PCMU, VOICE_OPUS };

enum {
    VOICE_MOST_PAYLOAD = 1275,
    VOICE_FRAMES_A_SECOND = 50,
    VOICE_OPUS_TYPE = 111, /* RTP's payload type, as most agree on */
};

struct opus_codec;

/* All zeroes but for codec and hz: opened by voice_open. */
struct voice {
    enum voice_codec codec;
    unsigned hz;   /* of the tone, where there is no file */
    unsigned rate; /* samples a second */
    struct tone tone;
    struct wav_reader reader;
    struct wav_writer writer;
    struct opus_codec *opus;
};

/* Files may be NULL. False: `why` says what is wrong, and nothing is open. */
bool voice_open(struct voice *voice, const char *play, const char *record, struct wav_why *why);

/* False: not all of the recording is written. */
bool voice_close(struct voice *voice, struct wav_why *why);

/* RTP's payload type, and timestamp units in 20 ms. */
uint8_t voice_type(const struct voice *voice);
uint32_t voice_step(const struct voice *voice);

/* The next 20 ms as a payload; 0: the file has ended. */
size_t voice_next(struct voice *voice, uint8_t out[VOICE_MOST_PAYLOAD]);

/* A payload that has come in its turn is written; and in place of `count` that have not, something like it. */
void voice_take(struct voice *voice, const uint8_t *payload, size_t len);
void voice_conceal(struct voice *voice, uint64_t count);

#endif
