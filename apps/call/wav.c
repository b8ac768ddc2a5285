/* wav.c - RIFF chunks, little end first. */
#include "apps/call/wav.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

enum { RIFF = 12, CHUNK = 8, FORMAT = 16, HEADER = RIFF + CHUNK + FORMAT + CHUNK, PCM = 1, EXTENSIBLE = 0xfffe };

static const uint32_t unknown_len = UINT32_MAX;

static bool no(struct wav_why *why, const char *path, const char *format, ...) __attribute__((format(printf, 3, 4)));

static bool no(struct wav_why *why, const char *path, const char *format, ...)
{
    int used = snprintf(why->words, sizeof why->words, "%s: ", path);
    va_list arguments;

    va_start(arguments, format);
    if (used > 0 && (size_t)used < sizeof why->words) /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): it is */
        vsnprintf(why->words + used, sizeof why->words - (size_t)used, format, arguments);
    va_end(arguments);
    return false;
}

static uint32_t get(const uint8_t *at, size_t len)
{
    uint32_t value = 0;

    for (size_t i = 0; i < len; i++)
        value |= (uint32_t)at[i] << (8 * i);
    return value;
}

static void put(uint8_t *at, uint32_t value, size_t len)
{
    for (size_t i = 0; i < len; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

/* ---- reading ---- */

/* Reads on, rather than seeks: a pipe may be read, too. */
static bool skip(FILE *file, uint64_t len)
{
    while (len > 0 && getc(file) != EOF)
        len--;
    return len == 0;
}

static bool read_format(struct wav_reader *reader, uint32_t len, const char *path, struct wav_why *why)
{
    uint8_t format[FORMAT];

    if (len < FORMAT || fread(format, 1, FORMAT, reader->file) != FORMAT || !skip(reader->file, len - FORMAT + len % 2))
        return no(why, path, "the WAV header is cut off");
    uint32_t kind = get(format, 2), channels = get(format + 2, 2), bits = get(format + 14, 2);
    reader->rate = get(format + 4, 4);
    if (kind != PCM && kind != EXTENSIBLE)
        return no(why, path, "is compressed (format %u); only PCM is read", (unsigned)kind);
    if (channels != 1 || bits != 16)
        return no(why, path, "has %u channels of %u bits; one channel of 16 bits is needed", (unsigned)channels,
                  (unsigned)bits);
    if (reader->rate != 8000 && reader->rate != 16000 && reader->rate != 48000)
        return no(why, path, "has %u samples a second; 8000, 16000 or 48000 are needed", reader->rate);
    return true;
}

static bool find_samples(struct wav_reader *reader, const char *path, struct wav_why *why)
{
    uint8_t header[RIFF], chunk[CHUNK];
    bool has_format = false;

    if (fread(header, 1, RIFF, reader->file) != RIFF || memcmp(header, "RIFF", 4) != 0 ||
        memcmp(header + 8, "WAVE", 4) != 0)
        return no(why, path, "is no WAV file");
    while (fread(chunk, 1, CHUNK, reader->file) == CHUNK) {
        uint32_t len = get(chunk + 4, 4);
        if (memcmp(chunk, "data", 4) == 0) {
            reader->left = len == unknown_len || len == 0 ? UINT64_MAX : len;
            return has_format || no(why, path, "has samples before it says of what format they are");
        }
        if (memcmp(chunk, "fmt ", 4) == 0) {
            has_format = true;
            if (!read_format(reader, len, path, why))
                return false;
        } else if (!skip(reader->file, (uint64_t)len + len % 2)) {
            break;
        }
    }
    return no(why, path, "has no samples");
}

bool wav_reader_open(struct wav_reader *reader, const char *path, struct wav_why *why)
{
    *reader = (struct wav_reader){ .file = fopen(path, "rb") };
    if (reader->file == NULL)
        return no(why, path, "%s", strerror(errno));
    if (find_samples(reader, path, why))
        return true;
    wav_reader_close(reader);
    return false;
}

size_t wav_read(struct wav_reader *reader, int16_t *out, size_t count)
{
    uint8_t sample[2];
    size_t done = 0;

    while (done < count && reader->left >= sizeof sample &&
           fread(sample, 1, sizeof sample, reader->file) == sizeof sample) {
        uint32_t bits = get(sample, sizeof sample);
        out[done++] = (int16_t)(bits < 0x8000 ? (int32_t)bits : (int32_t)bits - 0x10000);
        reader->left -= reader->left == UINT64_MAX ? 0 : sizeof sample;
    }
    return done;
}

void wav_reader_close(struct wav_reader *reader)
{
    if (reader->file != NULL)
        fclose(reader->file);
    *reader = (struct wav_reader){ 0 };
}

/* ---- writing ---- */

static void note_failure(struct wav_writer *writer, bool done)
{
    if (!done && writer->failed == 0)
        writer->failed = errno != 0 ? errno : EIO;
}

bool wav_writer_open(struct wav_writer *writer, const char *path, unsigned rate, struct wav_why *why)
{
    uint8_t header[HEADER] = { 0 };

    *writer = (struct wav_writer){ .file = fopen(path, "wb"), .path = path };
    if (writer->file == NULL)
        return no(why, path, "%s", strerror(errno));
    memcpy(header, "RIFF", 4);
    put(header + 4, unknown_len, 4);
    memcpy(header + 8, "WAVEfmt ", 8);
    put(header + 16, FORMAT, 4);
    put(header + 20, PCM, 2);
    put(header + 22, 1, 2); /* channels */
    put(header + 24, rate, 4);
    put(header + 28, rate * 2, 4); /* bytes a second, and of a sample */
    put(header + 32, 2, 2);
    put(header + 34, 16, 2); /* bits */
    memcpy(header + 36, "data", 4);
    put(header + 40, unknown_len, 4);
    note_failure(writer, fwrite(header, 1, HEADER, writer->file) == HEADER && fflush(writer->file) == 0);
    return true;
}

void wav_write(struct wav_writer *writer, const int16_t *samples, size_t count)
{
    for (size_t i = 0; i < count && writer->failed == 0; i++) {
        uint8_t sample[2];
        put(sample, (uint16_t)samples[i], sizeof sample);
        note_failure(writer, fwrite(sample, 1, sizeof sample, writer->file) == sizeof sample);
        writer->samples++;
    }
}

static void put_len(struct wav_writer *writer, long at, uint64_t len)
{
    uint8_t bytes[4];

    put(bytes, len < unknown_len ? (uint32_t)len : unknown_len, sizeof bytes);
    note_failure(writer, fseek(writer->file, at, SEEK_SET) == 0 && fwrite(bytes, 1, 4, writer->file) == 4);
}

bool wav_writer_close(struct wav_writer *writer, struct wav_why *why)
{
    note_failure(writer, fflush(writer->file) == 0);
    if (writer->failed == 0 && fseek(writer->file, 0, SEEK_SET) == 0) {
        put_len(writer, 4, HEADER - 8 + writer->samples * 2);
        put_len(writer, HEADER - 4, writer->samples * 2);
    }
    note_failure(writer, fclose(writer->file) == 0);
    writer->file = NULL;
    return writer->failed == 0 || no(why, writer->path, "not all was written: %s", strerror(writer->failed));
}
