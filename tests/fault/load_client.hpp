// One HTTP connection of a client that never retries.
#pragma once

#include <netinet/in.h>

#include <optional>
#include <string>

namespace claviger::testing {

struct Target {
    std::string host;  // "127.0.0.1:4599"
    sockaddr_in address{};
    std::string access_key, secret, region;

    // From the AWS_ variables; ends the program if one is missing.
    static Target from_environment();
};

// The text of a member of that name; no escapes are undone.
std::optional<std::string> member(const std::string& json, const std::string& name);

struct Answer {
    int status = 0;  // 0: no answer
    std::string body;
};

// Keeps alive. A lost connection is a failed request, then a new one is made. `target` is kept by reference.
class Connection {
public:
    explicit Connection(const Target& target) : target_(target) {}
    ~Connection() { drop(); }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    Answer call(const std::string& operation, const std::string& body);

private:
    bool open();
    void drop();
    Answer receive();

    const Target& target_;
    int fd_ = -1;
};

}  // namespace claviger::testing
