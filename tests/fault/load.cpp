// A client that never retries: mixed Encrypt, Decrypt and GenerateDataKey on N connections, every answer
// checked.
//
// Prints "running" when the first requests were answered. Each line on standard input ends a phase: its
// figures come out as one line of JSON. End of input ends the program. The endpoint and credentials come from
// the AWS_ variables. Keys are made in the default key store, unless --key names others.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <claviger/base/digest.hpp>
#include <claviger/base/encoding.hpp>

namespace {

using namespace claviger;
using Clock = std::chrono::steady_clock;

std::string environment(const char* name) {
    const char* const value = std::getenv(name);
    if (value == nullptr) {
        std::fprintf(stderr, "set %s\n", name);
        std::exit(2);
    }
    return value;
}

struct Target {
    std::string host;  // "127.0.0.1:4599"
    sockaddr_in address{};
    std::string access_key, secret, region;

    static Target from_environment() {
        Target target;
        const std::string url = environment("AWS_ENDPOINT_URL");
        target.host = url.substr(url.find("//") + 2);
        const std::size_t colon = target.host.find(':');
        target.address.sin_family = AF_INET;
        target.address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(target.host.substr(colon + 1))));
        inet_pton(AF_INET, target.host.substr(0, colon).c_str(), &target.address.sin_addr);
        target.access_key = environment("AWS_ACCESS_KEY_ID");
        target.secret = environment("AWS_SECRET_ACCESS_KEY");
        target.region = environment("AWS_REGION");
        return target;
    }
};

// Signature Version 4 over host, date and target, as every AWS client does it.
std::string signed_request(const Target& target, const std::string& operation, const std::string& body) {
    const std::time_t now = std::time(nullptr);
    std::tm utc{};
    gmtime_r(&now, &utc);
    char stamp[20];
    std::strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &utc);
    const std::string date(stamp, 8);
    const std::string scope = date + "/" + target.region + "/kms/aws4_request";
    const std::string canonical = "POST\n/\n\nhost:" + target.host + "\nx-amz-date:" + stamp +
                                  "\nx-amz-target:TrentService." + operation +
                                  "\n\nhost;x-amz-date;x-amz-target\n" + to_hex(sha256(as_bytes(body)));
    const std::string to_sign =
        std::string("AWS4-HMAC-SHA256\n") + stamp + "\n" + scope + "\n" + to_hex(sha256(as_bytes(canonical)));
    Sha256Digest key = hmac_sha256(as_bytes("AWS4" + target.secret), as_bytes(date));
    for (const std::string_view part :
         {std::string_view(target.region), std::string_view("kms"), std::string_view("aws4_request")}) {
        key = hmac_sha256(key, as_bytes(part));
    }
    return "POST / HTTP/1.1\r\nHost: " + target.host + "\r\nX-Amz-Date: " + stamp +
           "\r\nX-Amz-Target: TrentService." + operation +
           "\r\nContent-Type: application/x-amz-json-1.1\r\nAuthorization: AWS4-HMAC-SHA256 Credential=" +
           target.access_key + "/" + scope + ", SignedHeaders=host;x-amz-date;x-amz-target, Signature=" +
           to_hex(hmac_sha256(key, as_bytes(to_sign))) +
           "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::optional<std::string> member(const std::string& json, const std::string& name) {
    const std::string mark = "\"" + name + "\":\"";
    const std::size_t start = json.find(mark);
    if (start == std::string::npos) {
        return std::nullopt;
    }
    const std::size_t end = json.find('"', start + mark.size());
    return json.substr(start + mark.size(), end - start - mark.size());
}

struct Answer {
    int status = 0;  // 0: no answer
    std::string body;
};

// One keep-alive connection. A lost connection is a failed request, then a new one is made.
class Connection {
public:
    explicit Connection(const Target& target) : target_(target) {}
    ~Connection() { drop(); }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    Answer call(const std::string& operation, const std::string& body) {
        const std::string request = signed_request(target_, operation, body);
        if (fd_ < 0 && !open()) {
            return {0, "connection refused"};
        }
        if (send(fd_, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) {
            drop();
            return {0, "connection lost while sending"};
        }
        return receive();
    }

private:
    bool open() {
        fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const int one = 1;
        setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        const timeval limit{15, 0};
        setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        if (connect(fd_, reinterpret_cast<const sockaddr*>(&target_.address), sizeof target_.address) != 0) {
            drop();
            return false;
        }
        return true;
    }
    void drop() {
        if (fd_ >= 0) {
            close(fd_);
        }
        fd_ = -1;
    }
    Answer receive() {
        std::string text;
        std::array<char, 16384> buffer;
        for (;;) {
            const std::size_t head = text.find("\r\n\r\n");
            if (head != std::string::npos) {
                const std::size_t length = text.find("Content-Length: ");
                const std::size_t size = length < head ? std::stoul(text.substr(length + 16)) : 0;
                if (text.size() >= head + 4 + size) {
                    return {std::stoi(text.substr(9, 3)), text.substr(head + 4, size)};
                }
            }
            const ssize_t got = recv(fd_, buffer.data(), buffer.size(), 0);
            if (got <= 0) {
                drop();
                return {0, "connection lost while receiving"};
            }
            text.append(buffer.data(), static_cast<std::size_t>(got));
        }
    }

    const Target& target_;
    int fd_ = -1;
};

struct Figures {
    std::mutex mutex;
    std::vector<float> milliseconds;
    std::uint64_t failed = 0;
    std::uint64_t wrong = 0;
    std::map<std::string, std::uint64_t> errors;

    void print(double seconds) {
        const std::lock_guard lock(mutex);
        std::ranges::sort(milliseconds);
        const auto at = [&](double share) {
            return milliseconds.empty()
                       ? 0.0F
                       : milliseconds[std::min(
                             milliseconds.size() - 1,
                             static_cast<std::size_t>(share * static_cast<double>(milliseconds.size())))];
        };
        std::printf(
            "{\"requests\": %zu, \"per_s\": %.0f, \"failed\": %llu, \"wrong\": %llu, \"p50_ms\": %.2f, "
            "\"p99_ms\": %.2f, \"p999_ms\": %.2f, \"max_ms\": %.2f, \"errors\": {",
            milliseconds.size(), static_cast<double>(milliseconds.size()) / seconds,
            static_cast<unsigned long long>(failed), static_cast<unsigned long long>(wrong),
            static_cast<double>(at(0.5)), static_cast<double>(at(0.99)), static_cast<double>(at(0.999)),
            static_cast<double>(at(1.0)));
        const char* separator = "";
        for (const auto& [text, count] : errors) {
            std::string plain = text;
            std::ranges::replace(plain, '"', '\'');
            std::printf("%s\"%s\": %llu", separator, plain.c_str(), static_cast<unsigned long long>(count));
            separator = ", ";
        }
        std::printf("}}\n");
        std::fflush(stdout);
        milliseconds.clear();
        failed = wrong = 0;
        errors.clear();
    }
};

// One connection's share of the load: what it encrypts it remembers, and decrypts again later.
class Worker {
public:
    Worker(const Target& target, const std::vector<std::string>& keys, Figures& figures, unsigned seed)
        : connection_(target), keys_(keys), figures_(figures), random_(seed) {}

    void step() {
        const auto choice = random_() % (remembered_.size() < 4 ? 2 : 3);
        const std::string key = keys_[random_() % keys_.size()];
        const auto begun = Clock::now();
        Answer answer;
        bool right = false;
        if (choice == 0) {
            std::array<std::byte, 64> plain;
            for (std::byte& b : plain) {
                b = static_cast<std::byte>(random_());
            }
            const std::string encoded = to_base64(plain);
            answer = connection_.call("Encrypt", "{\"KeyId\":\"" + key + "\",\"Plaintext\":\"" + encoded +
                                                     "\",\"EncryptionContext\":{\"load\":\"yes\"}}");
            right = remember(encoded, member(answer.body, "CiphertextBlob"));
        } else if (choice == 1) {
            answer =
                connection_.call("GenerateDataKey", "{\"KeyId\":\"" + key +
                                                        "\",\"KeySpec\":\"AES_256\",\"EncryptionContext\":"
                                                        "{\"load\":\"yes\"}}");
            const auto plain = member(answer.body, "Plaintext");
            right = plain && plain->size() == 44 && remember(*plain, member(answer.body, "CiphertextBlob"));
        } else {
            const auto& [plain, blob] = remembered_[random_() % remembered_.size()];
            answer = connection_.call(
                "Decrypt", "{\"CiphertextBlob\":\"" + blob + "\",\"EncryptionContext\":{\"load\":\"yes\"}}");
            right = member(answer.body, "Plaintext") == plain;
        }
        const std::chrono::duration<float, std::milli> took = Clock::now() - begun;
        const std::lock_guard lock(figures_.mutex);
        figures_.milliseconds.push_back(took.count());
        if (answer.status != 200) {
            ++figures_.failed;
            ++figures_.errors[std::to_string(answer.status) + " " + answer.body.substr(0, 120)];
        } else if (!right) {
            ++figures_.wrong;
        }
    }

private:
    bool remember(const std::string& plain, const std::optional<std::string>& blob) {
        if (!blob) {
            return false;
        }
        if (remembered_.size() < 64) {
            remembered_.emplace_back(plain, *blob);
        } else {
            remembered_[random_() % 64] = {plain, *blob};
        }
        return true;
    }

    Connection connection_;
    const std::vector<std::string>& keys_;
    Figures& figures_;
    std::mt19937 random_;
    std::vector<std::pair<std::string, std::string>> remembered_;
};

std::vector<std::string> make_keys(const Target& target, std::size_t count) {
    Connection connection(target);
    std::vector<std::string> keys;
    while (keys.size() < count) {
        const Answer answer = connection.call("CreateKey", "{}");
        const auto id = member(answer.body, "KeyId");
        if (answer.status != 200 || !id) {
            std::fprintf(stderr, "CreateKey: %d %s\n", answer.status, answer.body.c_str());
            std::exit(1);
        }
        keys.push_back(*id);
    }
    return keys;
}

}  // namespace

int main(int argc, char** argv) {
    std::size_t connections = 16;
    std::vector<std::string> keys;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (std::string(argv[i]) == "--connections") {
            connections = std::stoul(argv[i + 1]);
        } else if (std::string(argv[i]) == "--key") {
            keys.emplace_back(argv[i + 1]);
        }
    }
    const Target target = Target::from_environment();
    if (keys.empty()) {
        keys = make_keys(target, 4);
    }
    Figures figures;
    std::atomic<bool> stop = false;
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < connections; ++i) {
        threads.emplace_back([&, seed = static_cast<unsigned>(i + 1)] {
            Worker worker(target, keys, figures, seed);
            while (!stop) {
                worker.step();
            }
        });
    }
    std::printf("running\n");
    std::fflush(stdout);
    auto begun = Clock::now();
    for (std::string line; std::getline(std::cin, line);) {
        figures.print(std::chrono::duration<double>(Clock::now() - begun).count());
        begun = Clock::now();
    }
    stop = true;
    return 0;
}
