/* wav.h - WAV files of the one kind that a call has: PCM, 16 bits, mono, 8,000, 16,000 or 48,000 samples a second. */
#ifndef APPS_CALL_WAV_H
#define APPS_CALL_WAV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What is wrong, in one line, with the file's name in front. */
struct wav_why {
    char words[512];
};

struct wav_reader {
    FILE *file;
    unsigned rate;
    uint64_t left; /* bytes of samples; UINT64_MAX: until the file ends */
};

/* Finds the samples. False: `why` says what is wrong, and nothing is open. */
bool wav_reader_open(struct wav_reader *reader, const char *path, struct wav_why *why);

/* The next samples; fewer than `count`: that was the last of them. A file that was cut off ends where it ends. */
size_t wav_read(struct wav_reader *reader, int16_t *out, size_t count);
void wav_reader_close(struct wav_reader *reader);

struct wav_writer {
    FILE *file;
    const char *path;
    uint64_t samples;
    int failed; /* errno of the first write that did not succeed; nothing more is written */
};

/* Makes the file, or empties it; `path` is kept. Until it is closed its header says that its length is not known, so
 * what was written before a crash can be played. False: `why` says what is wrong. */
bool wav_writer_open(struct wav_writer *writer, const char *path, unsigned rate, struct wav_why *why);
void wav_write(struct wav_writer *writer, const int16_t *samples, size_t count);

/* Puts the length into the header, where the file is not a pipe. False: not all has been written, `why` says why. */
bool wav_writer_close(struct wav_writer *writer, struct wav_why *why);

#endif
