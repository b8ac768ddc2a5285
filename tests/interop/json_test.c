/* json_test.c - the programs' JSON when several threads have something to say. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apps/json.h"
#include "tests/tap.h"

enum { THREADS = 4, OBJECTS = 2000 };

static void *speak(void *arg)
{
    (void)arg;
    for (uint64_t i = 0; i < OBJECTS; i++) {
        json_begin("said");
        json_whole("number", 17);
        json_open("inside");
        json_bool("yes", true);
        json_close();
        json_text("nothing", NULL);
        json_end();
    }
    return NULL;
}

/* In a process of its own, whose stdout is the pipe. */
static void speak_all(int out)
{
    pthread_t threads[THREADS];

    if (dup2(out, STDOUT_FILENO) < 0)
        _exit(1);
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, speak, NULL) != 0)
            _exit(1);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    _exit(0);
}

static void objects_of_several_threads_are_a_line_each(void)
{
    static const char said[] = "{\"event\":\"said\",\"number\":17,\"inside\":{\"yes\":true},\"nothing\":null}\n";
    char line[256];
    int ends[2], status, whole = 0, broken = 0;

    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    fflush(stdout);
    pid_t child = fork();
    CU_ASSERT_TRUE_FATAL(child >= 0);
    if (child == 0)
        speak_all(ends[1]);
    close(ends[1]);
    FILE *heard = fdopen(ends[0], "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(heard);
    while (fgets(line, sizeof line, heard) != NULL) {
        if (strcmp(line, said) == 0)
            whole++;
        else
            broken++;
    }
    fclose(heard);
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT_EQUAL(status, 0);
    CU_ASSERT_EQUAL(whole, THREADS * OBJECTS);
    CU_ASSERT_EQUAL(broken, 0);
}

static CU_TestInfo tests[] = {
    { "objects of several threads are a line each", objects_of_several_threads_are_a_line_each },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "json", tests);
}
