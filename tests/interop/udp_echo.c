/* udp_echo.c - sends each UDP datagram back to whom it came from, until it is killed. Prints its port on 127.0.0.1. */
#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>

int main(void)
{
    static char bytes[65536];
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t at_len = sizeof at;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    if (bind(fd, (struct sockaddr *)&at, at_len) != 0 || getsockname(fd, (struct sockaddr *)&at, &at_len) != 0) {
        perror("udp_echo");
        return 1;
    }
    printf("%d\n", ntohs(at.sin_port));
    fflush(stdout);
    for (;;) {
        at_len = sizeof at;
        ssize_t len = recvfrom(fd, bytes, sizeof bytes, 0, (struct sockaddr *)&at, &at_len);
        if (len >= 0)
            sendto(fd, bytes, (size_t)len, 0, (struct sockaddr *)&at, at_len);
    }
}
