#include <claviger/base/terminal.hpp>

#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>

namespace claviger {
namespace {

termios terminal_before;

void give_terminal_back(int signal_number) {
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &terminal_before);
    raise(signal_number);  // by SA_RESETHAND it has its usual end now
}

// Echo is off while one lives.
class SilentTerminal {
public:
    SilentTerminal() {
        struct sigaction restore {};
        restore.sa_handler = give_terminal_back;
        restore.sa_flags = static_cast<int>(SA_RESETHAND);
        for (const int number : kEnding) {
            sigaction(number, &restore, nullptr);
        }
        termios silent = terminal_before;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    }
    ~SilentTerminal() {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &terminal_before);
        for (const int number : kEnding) {
            signal(number, SIG_DFL);
        }
    }
    SilentTerminal(const SilentTerminal&) = delete;
    SilentTerminal& operator=(const SilentTerminal&) = delete;

private:
    static constexpr int kEnding[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
};

}  // namespace

std::optional<SecretBytes> read_line(int file, std::size_t most) {
    SecretBytes line(most);
    const std::span<std::byte> room = line.reveal_mutable(SecretAccess());
    std::size_t size = 0;
    bool ended = false;
    while (size < room.size()) {
        const ssize_t got = read(file, &room[size], 1);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        ended = got <= 0;
        if (ended || room[size] == std::byte{'\n'}) {
            break;
        }
        ++size;
    }
    line.resize(size);
    return ended && size == 0 ? std::nullopt : std::optional(std::move(line));
}

std::optional<SecretBytes> read_hidden_line(const char* prompt, std::size_t most) {
    if (tcgetattr(STDIN_FILENO, &terminal_before) != 0) {
        return read_line(STDIN_FILENO, most);
    }
    std::fputs(prompt, stderr);
    const SilentTerminal silent;
    std::optional<SecretBytes> line = read_line(STDIN_FILENO, most);
    std::fputc('\n', stderr);
    return line;
}

}  // namespace claviger
