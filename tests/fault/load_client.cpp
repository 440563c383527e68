#include "tests/fault/load_client.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include <claviger/base/digest.hpp>
#include <claviger/base/encoding.hpp>

namespace claviger::testing {
namespace {

std::string environment(const char* name) {
    const char* const value = std::getenv(name);
    if (value == nullptr) {
        std::fprintf(stderr, "set %s\n", name);
        std::exit(2);
    }
    return value;
}

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

}  // namespace

Target Target::from_environment() {
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

std::optional<std::string> member(const std::string& json, const std::string& name) {
    const std::string mark = "\"" + name + "\":\"";
    const std::size_t start = json.find(mark);
    if (start == std::string::npos) {
        return std::nullopt;
    }
    const std::size_t end = json.find('"', start + mark.size());
    return json.substr(start + mark.size(), end - start - mark.size());
}

Answer Connection::call(const std::string& operation, const std::string& body) {
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

bool Connection::open() {
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

void Connection::drop() {
    if (fd_ >= 0) {
        close(fd_);
    }
    fd_ = -1;
}

Answer Connection::receive() {
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

}  // namespace claviger::testing
