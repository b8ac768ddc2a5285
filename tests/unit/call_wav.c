/* call_wav.c - WAV files there and back, and one line for each that is not of our kind. */
#define _POSIX_C_SOURCE 200809L /* mkstemp */

#include "apps/call/wav.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/tap.h"

static char path[] = "/tmp/dtls-call-wav-XXXXXX";

static void put_file(const void *bytes, size_t len)
{
    FILE *file = fopen(path, "wb");

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL(fwrite(bytes, 1, len, file), len);
    fclose(file);
}

static size_t get_file(uint8_t *out, size_t cap)
{
    FILE *file = fopen(path, "rb");
    size_t len = fread(out, 1, cap, file);

    fclose(file);
    return len;
}

static void samples_come_back(void)
{
    static const unsigned rates[] = { 8000, 16000, 48000 };
    static int16_t samples[65536], read[65537];
    struct wav_writer writer;
    struct wav_reader reader;
    struct wav_why why;

    for (size_t i = 0; i < 65536; i++)
        samples[i] = (int16_t)((int)i - 32768);
    for (size_t r = 0; r < 3; r++) {
        CU_ASSERT_TRUE_FATAL(wav_writer_open(&writer, path, rates[r], &why));
        for (size_t at = 0; at < 65536; at += 160)
            wav_write(&writer, samples + at, 65536 - at < 160 ? 65536 - at : 160);
        CU_ASSERT_TRUE(wav_writer_close(&writer, &why));
        CU_ASSERT_TRUE_FATAL(wav_reader_open(&reader, path, &why));
        CU_ASSERT_EQUAL(reader.rate, rates[r]);
        CU_ASSERT_EQUAL(wav_read(&reader, read, 65537), 65536);
        CU_ASSERT_EQUAL(memcmp(read, samples, sizeof samples), 0);
        CU_ASSERT_EQUAL(wav_read(&reader, read, 1), 0);
        wav_reader_close(&reader);
    }
}

static void the_header_is_put_right_at_the_end(void)
{
    static const uint8_t expected[] = "RIFF\x2a\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0"
                                      "data\x06\0\0\0\x01\0\xff\xff\0\x80";
    static const int16_t samples[] = { 1, -1, INT16_MIN };
    struct wav_writer writer;
    struct wav_reader reader;
    struct wav_why why;
    uint8_t bytes[100];
    int16_t read[4];

    CU_ASSERT_TRUE_FATAL(wav_writer_open(&writer, path, 8000, &why));
    wav_write(&writer, samples, 3);
    fflush(writer.file); /* and here the program might have died: what is there can be played */
    CU_ASSERT_TRUE_FATAL(wav_reader_open(&reader, path, &why));
    CU_ASSERT_EQUAL(reader.left, UINT64_MAX); /* longer than the header could say, maybe */
    CU_ASSERT_TRUE(wav_read(&reader, read, 4) == 3 && read[2] == INT16_MIN);
    wav_reader_close(&reader);

    CU_ASSERT_TRUE(wav_writer_close(&writer, &why));
    CU_ASSERT_EQUAL(get_file(bytes, sizeof bytes), sizeof expected - 1);
    CU_ASSERT_EQUAL(memcmp(bytes, expected, sizeof expected - 1), 0);
}

/* A header with a chunk of odd length in front of the samples. */
static size_t example(uint8_t out[100])
{
    static const char bytes[] = "RIFF\x36\0\0\0WAVE"
                                "fmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0"
                                "LIST\x03\0\0\0abc\0"
                                "data\x04\0\0\0\x11\x11\x22\x22"
                                "tail";

    memcpy(out, bytes, sizeof bytes - 1);
    return sizeof bytes - 1;
}

static void other_chunks_are_skipped(void)
{
    struct wav_reader reader;
    struct wav_why why;
    uint8_t bytes[100];
    int16_t read[9];

    put_file(bytes, example(bytes));
    CU_ASSERT_TRUE_FATAL(wav_reader_open(&reader, path, &why));
    CU_ASSERT_TRUE(wav_read(&reader, read, 9) == 2 && read[0] == 0x1111 && read[1] == 0x2222);
    wav_reader_close(&reader);

    size_t len = example(bytes);
    bytes[52] = 3; /* a sample, and half of one */
    put_file(bytes, len);
    CU_ASSERT_TRUE_FATAL(wav_reader_open(&reader, path, &why));
    CU_ASSERT_EQUAL(wav_read(&reader, read, 9), 1);
    wav_reader_close(&reader);
}

static void each_other_file_has_its_line(void)
{
    static const struct {
        size_t at;
        uint8_t value;
        const char *words;
    } cases[] = {
        { 0, 'X', "is no WAV file" },
        { 8, 'X', "is no WAV file" },
        { 20, 7, "is compressed (format 7)" },
        { 22, 2, "has 2 channels of 16 bits" },
        { 34, 8, "has 1 channels of 8 bits" },
        { 24, 0x41, "has 8001 samples a second; 8000, 16000 or 48000 are needed" },
        { 16, 2, "the WAV header is cut off" },
        { 12, 'X', "has samples before it says of what format they are" },
        { 48, 'X', "has no samples" },
    };
    struct wav_reader reader;
    struct wav_why why;
    uint8_t bytes[100];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t len = example(bytes);
        bytes[cases[i].at] = cases[i].value;
        put_file(bytes, len);
        CHECK_CASE(!wav_reader_open(&reader, path, &why) && reader.file == NULL, "case %zu", i);
        CHECK_CASE(strncmp(why.words, path, strlen(path)) == 0 && strstr(why.words, cases[i].words) != NULL,
                   "case %zu: %s", i, why.words);
    }
}

static void a_file_cut_anywhere_is_refused_or_shorter(void)
{
    struct wav_reader reader;
    struct wav_why why;
    uint8_t bytes[100];
    int16_t read[9];
    size_t len = example(bytes);

    for (size_t n = 0; n <= len; n++) {
        put_file(bytes, n);
        bool is_open = wav_reader_open(&reader, path, &why);
        CHECK_CASE(is_open == (n >= 56), "%zu bytes", n);
        CHECK_CASE(!is_open || wav_read(&reader, read, 9) == (n >= 60 ? 2 : n >= 58 ? 1 : 0), "%zu bytes", n);
        if (is_open)
            wav_reader_close(&reader);
    }
}

static void what_the_system_refuses_is_said(void)
{
    static const int16_t samples[4096];
    struct wav_writer writer;
    struct wav_reader reader;
    struct wav_why why;

    CU_ASSERT_FALSE(wav_reader_open(&reader, "/nowhere/at/all.wav", &why));
    CU_ASSERT_PTR_NOT_NULL(strstr(why.words, "/nowhere/at/all.wav: No such file"));
    CU_ASSERT_FALSE(wav_writer_open(&writer, "/nowhere/at/all.wav", 8000, &why));
    CU_ASSERT_PTR_NOT_NULL(strstr(why.words, "/nowhere/at/all.wav: No such file"));
    if (access("/dev/full", W_OK) == 0 && wav_writer_open(&writer, "/dev/full", 8000, &why)) {
        wav_write(&writer, samples, 4096);
        CU_ASSERT_FALSE(wav_writer_close(&writer, &why));
        CU_ASSERT_PTR_NOT_NULL(strstr(why.words, "not all was written: No space left"));
    }
}

static void a_pipe_can_be_written_and_read(void)
{
    static const int16_t samples[] = { 5, 6, 7 };
    struct wav_writer writer;
    struct wav_reader reader;
    struct wav_why why;
    char name[2][64];
    int16_t read[4];
    int ends[2];

    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    for (int i = 0; i < 2; i++)
        snprintf(name[i], sizeof name[i], "/proc/self/fd/%d", ends[i]);
    CU_ASSERT_TRUE_FATAL(wav_writer_open(&writer, name[1], 16000, &why));
    wav_write(&writer, samples, 3);
    CU_ASSERT_TRUE(wav_writer_close(&writer, &why)); /* its header stays as it is */
    CU_ASSERT_TRUE_FATAL(wav_reader_open(&reader, name[0], &why));
    close(ends[1]);
    CU_ASSERT_TRUE(reader.rate == 16000 && wav_read(&reader, read, 4) == 3 && read[2] == 7);
    wav_reader_close(&reader);
    close(ends[0]);
}

static CU_TestInfo tests[] = {
    { "samples come back, at every rate", samples_come_back },
    { "the header is put right at the end, and good enough before", the_header_is_put_right_at_the_end },
    { "chunks of other kinds are skipped", other_chunks_are_skipped },
    { "a file of another kind is refused with one line that says why", each_other_file_has_its_line },
    { "a file that is cut anywhere is refused, or shorter", a_file_cut_anywhere_is_refused_or_shorter },
    { "what the system refuses is said", what_the_system_refuses_is_said },
    { "a pipe can be written and read", a_pipe_can_be_written_and_read },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    int file = mkstemp(path);

    if (file < 0)
        return 1;
    close(file);
    int status = tap_main(argc, argv, "call/wav", tests);
    unlink(path);
    return status;
}
