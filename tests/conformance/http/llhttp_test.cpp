// The request cases of llhttp (tests/data/http/llhttp): we take no message that its strict mode does not
// take.
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <thread>

#include "tests/unit/http/test_server.hpp"

namespace claviger::http {
namespace {

using namespace std::chrono_literals;
using test::RawClient;
using test::Response;
using test::TestServer;

enum class Mode { strict, lenient };

struct Case {
    std::string name;
    std::string raw;
    Mode mode = Mode::strict;
    std::size_t messages = 0;  // that llhttp completes, in the mode the case is for
    bool error = false;        // llhttp ends with an error
};

// The escapes of llhttp's test files: '\' at a line's end joins, every line end is CRLF, \r \n \t \f \xNN.
std::string unescape(std::string text) {
    if (text.ends_with('\n')) {
        text.pop_back();
    }
    text = std::regex_replace(text, std::regex("\\\\\n"), "");
    text = std::regex_replace(text, std::regex("\n"), "\r\n");
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char next = i + 1 < text.size() ? text[i + 1] : '\0';
        const std::size_t known = std::string_view("rntf").find(next);
        if (text[i] == '\\' && known != std::string_view::npos) {
            out += "\r\n\t\f"[known];
            ++i;
        } else if (text[i] == '\\' && next == 'x') {
            std::size_t end = i + 2;
            while (end < text.size() && std::isxdigit(static_cast<unsigned char>(text[end]))) {
                ++end;
            }
            out += static_cast<char>(std::stoul(text.substr(i + 2, end - i - 2), nullptr, 16));
            i = end - 1;
        } else {
            out += text[i];
        }
    }
    return out;
}

std::vector<Case> load_cases() {
    std::vector<Case> out;
    const std::filesystem::path folder = std::string(CLAVIGER_TEST_DATA) + "/http/llhttp/test/request";
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        std::ifstream in(entry.path());
        std::string line, title, block;
        Mode mode = Mode::strict;
        enum class In { text, http, log } where = In::text;
        Case current;
        while (std::getline(in, line)) {
            if (where == In::text && line.starts_with("#")) {
                title = line.substr(line.find_first_not_of("# "));
            } else if (where == In::text && line.starts_with("<!-- meta=")) {
                mode = line.find("\"request-lenient") != std::string::npos ? Mode::lenient : Mode::strict;
            } else if (where == In::text && (line == "```http" || line == "```log")) {
                where = line == "```http" ? In::http : In::log;
                block.clear();
            } else if (where != In::text && line == "```") {
                if (where == In::http) {
                    current =
                        Case{entry.path().stem().string() + ": " + title, unescape(block), mode, 0, false};
                } else {
                    for (std::size_t at = block.find("message complete"); at != std::string::npos;
                         at = block.find("message complete", at + 1)) {
                        ++current.messages;
                    }
                    current.error = block.find("error code=") != std::string::npos;
                    out.push_back(current);
                }
                where = In::text;
            } else if (where != In::text) {
                block += line + "\n";
            }
        }
    }
    return out;
}

// Refused by the HTTP layer itself: the bytes were not taken as a request, or its method has no business
// here.
bool is_refusal(const Response& response) {
    return response.body.find("BadRequestException") != std::string::npos || response.status == 405 ||
           response.status == 413;
}

// Their first message is good; what lenient parsing adds is a second one after the connection's end.
const std::set<std::string> kGoodUntilTheEnd = {
    "connection: Resetting flags when keep-alive is off (1.0, lenient)",
    "connection: CRLF between requests, explicit `close` (lenient)",
};

// Taken by llhttp and refused here, with the reason.
const std::set<std::string> kStricterHere = {
    // Methods that no client of ours sends are answered 405 and the connection closes.
    "method: REPORT request",
    "method: M-SEARCH request",
    "method: PURGE request",
    "method: SEARCH request",
    "method: LINK request",
    "method: SOURCE request",
    "method: QUERY request",
    // Other protocols and HTTP/0.9.
    "method: SOURCE request with ICE",
    "method: OPTIONS request with RTSP",
    "method: ANNOUNCE request with RTSP",
    "sample: No HTTP version",
    // The body is cut off by the end of the connection; llhttp's test resets its parser by hand.
    "content-length: Content-Length reset when no body is received",
    // Trailers, chunk extensions and codings other than chunked.
    "transfer-encoding: Trailing headers",
    "transfer-encoding: POST with `chunked` as last transfer-encoding",
    "transfer-encoding: POST with `chunked` as last transfer-encoding (multiple headers)",
    "pausing: on_chunk_extension_name",
    "pausing: on_chunk_extension_value",
    // Absolute form that names another host than the Host field, or carries userinfo.
    "uri: Host terminated by a query string",
    "uri: `host:port` terminated by a query string",
    "uri: `host:port` terminated by a space",
    "uri: `host:port` and basic auth",
    // Taken, but the answer to HEAD has no body, which this client waits for.
    "sample: Request with method starting with `H`",
};

struct Outcome {
    std::size_t taken = 0;
    bool closed = false;
};

std::vector<Outcome> send_all(std::uint16_t port, const std::vector<Case>& cases) {
    std::vector<Outcome> out(cases.size());
    std::atomic<std::size_t> next{0};
    std::vector<std::thread> runners;
    for (int i = 0; i < 16; ++i) {
        runners.emplace_back([&] {
            for (std::size_t at = next++; at < cases.size(); at = next++) {
                RawClient client(port);
                client.send(cases[at].raw);
                client.half_close();
                out[at].closed = client.closed_within(8s);
                std::string rest;
                for (const Response& response : test::split_responses(client.rest(), rest)) {
                    out[at].taken += is_refusal(response) ? 0 : 1;
                }
            }
        });
    }
    for (std::thread& runner : runners) {
        runner.join();
    }
    return out;
}

TEST(Llhttp, NoMessageIsTakenThatStrictParsingRefuses) {
    TestServer fixture;
    fixture.start();
    const auto cases = load_cases();
    EXPECT_EQ(cases.size(), 166u);
    const auto outcomes = send_all(fixture.port(), cases);
    for (std::size_t i = 0; i < cases.size(); ++i) {
        const Case& one = cases[i];
        SCOPED_TRACE(one.name + "\n" + one.raw);
        EXPECT_TRUE(outcomes[i].closed);
        EXPECT_LE(outcomes[i].taken, one.messages);
        if (one.mode == Mode::lenient && !one.error && !kGoodUntilTheEnd.contains(one.name)) {
            EXPECT_LT(outcomes[i].taken, std::max<std::size_t>(one.messages, 1))
                << "a lenient case was taken";
        }
    }
    EXPECT_EQ(fixture.service.calls(), 0u);
}

// Most cases have no Host, which HTTP/1.1 demands. With one, what strict parsing takes is taken.
TEST(Llhttp, WellFormedMessagesWithAHostAreTaken) {
    TestServer fixture;
    fixture.start();
    std::vector<Case> cases;
    for (Case& one : load_cases()) {
        const std::size_t line = one.raw.find("\r\n", 2);
        if (one.mode == Mode::lenient || one.error || one.messages == 0 || line == std::string::npos) {
            continue;
        }
        if (one.raw.find("Host:") == std::string::npos) {
            one.raw.insert(line, "\r\nHost: a");
        }
        cases.push_back(std::move(one));
    }
    const auto outcomes = send_all(fixture.port(), cases);
    std::size_t taken = 0;
    for (std::size_t i = 0; i < cases.size(); ++i) {
        if (!kStricterHere.contains(cases[i].name)) {
            ++taken;
            EXPECT_GE(outcomes[i].taken, 1u) << cases[i].name << "\n" << cases[i].raw;
        }
    }
    EXPECT_EQ(taken, 42u);
}

}  // namespace
}  // namespace claviger::http
