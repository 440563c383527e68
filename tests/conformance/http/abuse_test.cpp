// 152 raw-byte cases against a listening server: framing and smuggling, chunks, request lines, fields,
// limits, pipelining, slow clients. Deadlines are shortened so that the slow ones take two seconds: header 2
// s instead of 10 s, body 1 s instead of 10 s, write 1 s instead of 20 s.
#include <gtest/gtest.h>

#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <fstream>
#include <sstream>
#include <thread>

#include <boost/beast/zlib/inflate_stream.hpp>
#include <boost/json.hpp>

#include <claviger/base/encoding.hpp>

#include "tests/unit/http/test_server.hpp"

namespace claviger::http {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;
using test::RawClient;
using test::Response;
using test::TestServer;

std::string text(const json::value& value) {
    return std::string(value.as_string());
}

// RFC 1950: two bytes of header and four of checksum around a deflate stream.
std::string inflate(ByteView packed, std::size_t size) {
    std::string out(size, '\0');
    boost::beast::zlib::inflate_stream stream;
    boost::beast::zlib::z_params params;
    params.next_in = packed.data() + 2;
    params.avail_in = packed.size() - 6;
    params.next_out = out.data();
    params.avail_out = out.size();
    boost::system::error_code ec;
    stream.write(params, boost::beast::zlib::Flush::finish, ec);
    EXPECT_EQ(params.total_out, size) << ec.message();
    return out;
}

struct Case {
    std::string id, expect, raw, note;
    std::size_t max_responses = 0;
    json::object send;
};

std::vector<Case> load_cases() {
    std::ifstream in(std::string(CLAVIGER_TEST_DATA) + "/http/abuse-cases.json");
    std::stringstream all;
    all << in.rdbuf();
    std::vector<Case> out;
    const auto file = json::parse(all.str());
    for (const auto& one : file.at("cases").as_array()) {
        Case made;
        made.id = text(one.at("id"));
        made.expect = text(one.at("expect"));
        made.note = text(one.at("note"));
        made.max_responses = static_cast<std::size_t>(one.at("max_responses").as_int64());
        const auto& object = one.as_object();
        if (const auto* raw = object.if_contains("raw_b64")) {
            made.raw = as_text(*from_base64(text(*raw)));
        } else {
            made.raw = inflate(*from_base64(text(object.at("raw_zlib_b64"))),
                               static_cast<std::size_t>(object.at("len").as_int64()));
        }
        if (const auto* send = object.if_contains("send")) {
            made.send = send->as_object();
        }
        out.push_back(std::move(made));
    }
    return out;
}

class Abuse : public testing::Test {
protected:
    Abuse() {
        fixture_.options.limits.header_time = 2s;
        fixture_.options.limits.body_time = 1s;
        fixture_.options.limits.body_rate = 16 << 20;
        fixture_.options.limits.write_time = 1s;
        fixture_.start();
    }

    // What is wrong with how the server took it; empty if nothing.
    std::string run(const Case& one) {
        RawClient client(fixture_.port());
        const bool slow = one.expect == "reject_timeout";
        if (slow) {
            return run_slow(one, client);
        }
        // A case that is to be rejected must be, without waiting for the client's end.
        const bool half_close = one.expect != "reject" || one.note.find("half-close") != std::string::npos;
        std::thread sender([&] {
            client.send(one.raw);
            if (half_close) {
                client.half_close();
            }
        });
        const bool closed = client.closed_within(8s);
        sender.join();
        std::string rest;
        const auto responses = test::split_responses(client.rest(), rest);
        if (!closed) {
            return "the connection stayed open";
        }
        if (!rest.empty()) {
            return "an answer was cut: " + rest;
        }
        if (responses.size() > one.max_responses) {
            return std::to_string(responses.size()) + " answers";
        }
        for (const Response& response : responses) {
            if (response.status < 400 || response.body.find("\"__type\"") == std::string::npos) {
                return "answered " + response.head;
            }
        }
        const bool parsed = !responses.empty() && is_application(responses.front());
        if (one.expect == "app" && !parsed) {
            return "not answered by the application";
        }
        if (one.expect == "reject" && parsed) {
            return "answered by the application: " + responses.front().body;
        }
        if (one.id == "pl-100" && responses.size() != 100) {
            return "only " + std::to_string(responses.size()) + " answers";
        }
        if (one.id == "ok-keepalive-2" && responses.size() != 2) {
            return "not two answers";
        }
        return {};
    }

private:
    // The application answers unsigned requests with 400 Missing…, and what is no POST with 404.
    static bool is_application(const Response& response) {
        return response.status == 404 ||
               response.body.find("MissingAuthenticationToken") != std::string::npos;
    }

    std::string run_slow(const Case& one, RawClient& client) {
        std::size_t at = 0;
        if (one.send.contains("head_first")) {
            at = one.raw.find("\r\n\r\n") + 4;
            client.send(std::string_view(one.raw).substr(0, at));
        }
        const auto start = std::chrono::steady_clock::now();
        while (std::chrono::steady_clock::now() - start < 8s) {
            if (one.send.contains("no_read")) {
                pollfd ready{client.fd(), POLLOUT, 0};
                ::poll(&ready, 1, 50);
                if ((ready.revents & (POLLHUP | POLLERR)) != 0) {
                    return {};
                }
                if ((ready.revents & POLLOUT) != 0 &&
                    ::send(client.fd(), one.raw.data(), one.raw.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0 &&
                    errno != EAGAIN) {
                    return {};
                }
                continue;
            }
            if (client.closed_within(200ms)) {
                return {};
            }
            if (!one.send.contains("idle") && at < one.raw.size()) {
                client.send(std::string_view(one.raw).substr(at++, 1));
            }
        }
        return "no deadline freed the connection";
    }

    TestServer fixture_;

protected:
    std::size_t calls() const { return fixture_.service.calls(); }
};

TEST_F(Abuse, EveryCaseIsTakenAsItExpects) {
    const auto cases = load_cases();
    ASSERT_EQ(cases.size(), 152u);
    std::vector<std::string> problems(cases.size());
    std::atomic<std::size_t> next{0};
    std::vector<std::thread> runners;
    for (int i = 0; i < 16; ++i) {
        runners.emplace_back([&] {
            for (std::size_t at = next++; at < cases.size(); at = next++) {
                problems[at] = run(cases[cases.size() - 1 - at]);  // slow ones, which are last, first
            }
        });
    }
    for (std::thread& runner : runners) {
        runner.join();
    }
    for (std::size_t i = 0; i < cases.size(); ++i) {
        const Case& one = cases[cases.size() - 1 - i];
        EXPECT_EQ(problems[i], "") << one.id << " (" << one.expect << "): " << one.note;
    }
    EXPECT_EQ(calls(), 0u) << "an unsigned request was executed";
}

}  // namespace
}  // namespace claviger::http
