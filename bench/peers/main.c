/* main.c - a peer: one end of one call, by the library that it is linked with; or what connections of it weigh and
 * cost. */
#include <string.h>

#include "apps/complain.h"
#include "bench/peers/call.h"
#include "bench/peers/pair.h"
#include "bench/peers/peer.h"

int main(int argc, char **argv)
{
    struct settings settings;

    complain_as(peer_library.name);
    if (argc > 1 && strcmp(argv[1], "memory") == 0)
        return memory_run(argc - 1, argv + 1);
    if (argc > 1 && (strcmp(argv[1], "records") == 0 || strcmp(argv[1], "handshakes") == 0))
        return work_run(argc, argv);
    settings_read(&settings, peer_library.name, argc, argv);
    const char *cannot = peer_library.cannot(&settings);
    if (cannot != NULL)
        refuse("%s", cannot);
    return call_run(&settings);
}
