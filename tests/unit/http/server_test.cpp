#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <filesystem>
#include <thread>

#include "tests/unit/http/test_server.hpp"

namespace claviger::http {
namespace {

using namespace std::chrono_literals;
using test::RawClient;
using test::signed_request;
using test::TestServer;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

template <class Condition>
bool eventually(Condition condition) {
    for (int i = 0; i < 5000; ++i) {
        if (condition()) {
            return true;
        }
        std::this_thread::sleep_for(1ms);
    }
    return false;
}

class HttpServer : public testing::Test {
protected:
    void start() { fixture_.start(); }
    std::string request(std::string_view operation, std::string_view body = "{}",
                        std::string_view extra = {}) {
        return signed_request(operation, body, fixture_.clock.wall(), extra);
    }
    TestServer fixture_;
};

TEST_F(HttpServer, SignedRequestIsAnsweredWithEveryField) {
    start();
    RawClient client(fixture_.port());
    client.send(request("Echo", R"({"KeyId":"a"})"));
    const auto response = client.receive();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 200u);
    EXPECT_EQ(response->body, R"({"KeyId":"a"})");
    EXPECT_EQ(response->field("Content-Type"), "application/x-amz-json-1.1");
    EXPECT_EQ(response->field("x-amzn-RequestId").size(), 36u);
    EXPECT_THAT(response->field("Date"), HasSubstr(" GMT"));
    EXPECT_EQ(response->field("Content-Length"), "13");
    EXPECT_THAT(response->field("Cache-Control"), HasSubstr("no-store"));
    EXPECT_THAT(response->field("x-claviger-mode"), IsEmpty());
    EXPECT_EQ(fixture_.service.last_source_ip(), "127.0.0.1");
}

TEST_F(HttpServer, DevModeIsSaidInEveryAnswer) {
    fixture_.options.mode = Mode::dev;
    start();
    RawClient client(fixture_.port());
    client.send(request("Echo") + "nonsense\r\n\r\n");
    EXPECT_EQ(client.receive()->field("x-claviger-mode"), "dev");
    EXPECT_EQ(client.receive()->field("x-claviger-mode"), "dev");
}

TEST_F(HttpServer, PipelinedRequestsAreAnsweredInOrder) {
    start();
    RawClient client(fixture_.port());
    std::string all;
    for (int i = 0; i < 100; ++i) {
        all += request("Echo", R"({"n":)" + std::to_string(i) + "}");
    }
    std::thread sender([&] { client.send(all); });
    for (int i = 0; i < 100; ++i) {
        const auto response = client.receive();
        ASSERT_TRUE(response) << i;
        EXPECT_EQ(response->body, R"({"n":)" + std::to_string(i) + "}");
    }
    sender.join();
}

TEST_F(HttpServer, RequestSentByteByByteIsUnderstood) {
    start();
    RawClient client(fixture_.port());
    for (const char c : request("Echo", R"({"slow":1})")) {
        client.send(std::string_view(&c, 1));
    }
    EXPECT_EQ(client.receive()->body, R"({"slow":1})");
}

TEST_F(HttpServer, BodyUpToTheLimitIsEchoedAndOneByteMoreIs413) {
    start();
    const std::string largest(1 << 20, 'x');
    RawClient client(fixture_.port());
    std::thread sender([&] { client.send(request("Echo", largest)); });
    const auto response = client.receive();
    sender.join();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->body, largest);
    client.send(request("Echo", largest + "x"));
    EXPECT_EQ(client.receive()->status, 413u);
    EXPECT_TRUE(client.closed_within(3s));
    EXPECT_EQ(fixture_.service.calls(), 1u);
}

TEST_F(HttpServer, ChunkedBodyIsVerifiedAfterDecoding) {
    start();
    std::string wire = request("Echo", "hello world");
    const std::string length = "Content-Length: 11\r\n\r\nhello world";
    wire.replace(wire.find(length), length.size(),
                 "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n");
    RawClient client(fixture_.port());
    client.send(wire + request("Echo", "next"));
    EXPECT_EQ(client.receive()->body, "hello world");
    EXPECT_EQ(client.receive()->body, "next");
}

TEST_F(HttpServer, EmptyChunkedBodyIsEmpty) {
    start();
    std::string wire = request("Echo", "");
    wire.replace(wire.find("Content-Length: 0\r\n\r\n"), 21, "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    RawClient client(fixture_.port());
    client.send(wire);
    const auto response = client.receive();
    EXPECT_EQ(response->status, 200u);
    EXPECT_EQ(response->body, "");
}

TEST_F(HttpServer, ExpectContinueIsAnsweredBeforeTheBody) {
    start();
    const std::string wire = request("Echo", "body", "Expect: 100-continue\r\n");
    RawClient client(fixture_.port());
    client.send(wire.substr(0, wire.size() - 4));
    EXPECT_TRUE(eventually([&] {
        client.closed_within(5ms);
        return client.rest() == "HTTP/1.1 100 Continue\r\n\r\n";
    }));
    client.send("body");
    EXPECT_EQ(client.receive()->body, "body");
}

TEST_F(HttpServer, Http10ConnectionClosesUnlessKeptAlive) {
    start();
    std::string wire = request("Echo", "x");
    wire.replace(wire.find("HTTP/1.1"), 8, "HTTP/1.0");
    RawClient closing(fixture_.port());
    closing.send(wire);
    EXPECT_EQ(closing.receive()->field("Connection"), "close");
    EXPECT_TRUE(closing.closed_within(3s));
    wire.insert(wire.find("Content-Length"), "Connection: keep-alive\r\n");
    RawClient kept(fixture_.port());
    kept.send(wire);
    EXPECT_EQ(kept.receive()->field("Connection"), "keep-alive");
    kept.send(wire);
    EXPECT_TRUE(kept.receive());
}

TEST_F(HttpServer, ConnectionCloseIsHonoured) {
    start();
    RawClient client(fixture_.port());
    client.send(request("Echo", "x", "Connection: close\r\n"));
    EXPECT_EQ(client.receive()->field("Connection"), "close");
    EXPECT_TRUE(client.closed_within(3s));
}

TEST_F(HttpServer, OtherMethodsAndPathsAre404AndTheConnectionSurvives) {
    start();
    RawClient client(fixture_.port());
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto get = client.receive();
    EXPECT_EQ(get->status, 404u);
    EXPECT_EQ(get->body, R"({"__type":"UnknownOperationException"})");
    client.send("POST /other HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(client.receive()->status, 404u);
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}");
    const auto no_target = client.receive();
    EXPECT_EQ(no_target->status, 400u);
    EXPECT_EQ(no_target->body, R"({"__type":"UnknownOperationException"})");
    client.send("DELETE / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}" +
                request("Echo", "still here"));
    EXPECT_EQ(client.receive()->status, 404u);
    EXPECT_EQ(client.receive()->body, "still here");
    client.send("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(client.receive()->status, 405u);
    EXPECT_TRUE(client.closed_within(3s));
}

TEST_F(HttpServer, HeadIsAnsweredWithoutBody) {
    start();
    RawClient client(fixture_.port());
    client.send("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(client.closed_within(3s));
    EXPECT_TRUE(client.rest().starts_with("HTTP/1.1 404 "));
    EXPECT_TRUE(client.rest().ends_with("\r\n\r\n"));
}

TEST_F(HttpServer, RefusedSignatureIs400AndReportedToTheService) {
    start();
    RawClient client(fixture_.port());
    std::string wire = request("Echo", "{}");
    wire.back() = ']';
    client.send(wire + request("Echo", "fine"));
    const auto refused = client.receive();
    EXPECT_EQ(refused->status, 400u);
    EXPECT_THAT(refused->body,
                HasSubstr(R"({"__type":"InvalidSignatureException","message":"The request sig)"));
    EXPECT_EQ(client.receive()->body, "fine");
    EXPECT_EQ(fixture_.service.refusals(), 1u);
    EXPECT_EQ(fixture_.service.calls(), 1u);
}

TEST_F(HttpServer, ExceptionOfAServiceBecomesInternalFailure) {
    start();
    RawClient client(fixture_.port());
    client.send(request("Throw") + request("Echo", "alive"));
    const auto failed = client.receive();
    EXPECT_EQ(failed->status, 500u);
    EXPECT_EQ(failed->body, R"({"__type":"InternalFailure"})");
    EXPECT_EQ(client.receive()->body, "alive");
}

TEST_F(HttpServer, AbsoluteFormTargetIsServedWhenItNamesTheHost) {
    start();
    RawClient client(fixture_.port());
    std::string wire = request("Echo", "abs");
    wire.replace(0, 7, "POST http://KMS.local/ ");
    client.send(wire);
    EXPECT_EQ(client.receive()->body, "abs");
}

TEST_F(HttpServer, OverTheConnectionLimitTheOldestIdleConnectionGivesWay) {
    fixture_.options.io_threads = 1;
    fixture_.options.limits.connections = 2;
    start();
    RawClient first(fixture_.port());
    first.send(request("Echo"));
    ASSERT_TRUE(first.receive());
    RawClient second(fixture_.port());
    second.send(request("Echo"));
    ASSERT_TRUE(second.receive());
    RawClient third(fixture_.port());
    third.send(request("Echo", "3"));
    EXPECT_EQ(third.receive()->body, "3");
    EXPECT_TRUE(first.closed_within(3s));
    second.send(request("Echo", "2"));
    EXPECT_EQ(second.receive()->body, "2");
}

TEST_F(HttpServer, OverTheConnectionLimitWithAllBusyIs503) {
    fixture_.options.io_threads = 1;
    fixture_.options.limits.connections = 1;
    start();
    RawClient busy(fixture_.port());
    busy.send(request("Wait"));
    ASSERT_TRUE(eventually([&] { return fixture_.service.waiting() == 1; }));
    RawClient refused(fixture_.port());
    const auto response = refused.receive();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 503u);
    EXPECT_THAT(response->body, HasSubstr("ServiceUnavailableException"));
    // Its answer is not lost to a client that goes on sending: the server reads it until the client ends.
    EXPECT_TRUE(refused.send(request("Echo", std::string(100'000, 'x'))));
    EXPECT_TRUE(refused.send("more"));
    refused.half_close();
    EXPECT_TRUE(refused.closed_within(3s));
    fixture_.service.release();
    EXPECT_EQ(busy.receive()->status, 200u);
}

TEST_F(HttpServer, FiftyMoreConnectionsThanAllowedCostNobodyWhoIsServedAnything) {
    constexpr std::size_t kLimit = 8;
    fixture_.options.limits.connections = kLimit;
    start();
    RawClient served(fixture_.port());
    served.send(request("Echo"));
    ASSERT_TRUE(served.receive());
    served.send("POST / HTTP/1.1\r\n");  // begun, so it is not idle
    std::vector<std::unique_ptr<RawClient>> crowd;
    for (std::size_t i = 0; i < kLimit + 50; ++i) {
        crowd.push_back(std::make_unique<RawClient>(fixture_.port()));
        crowd.back()->send("POST / HTTP/1.1\r\n");
    }
    // Fewer where one was closed for a later one before the server had read that it was not idle.
    ASSERT_TRUE(eventually([&] { return fixture_.server().connections() <= kLimit; }));
    served.send(request("Echo", "still here").substr(std::string_view("POST / HTTP/1.1\r\n").size()));
    const auto answer = served.receive();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, "still here");
    crowd.clear();
    ASSERT_TRUE(eventually([&] { return fixture_.server().connections() <= 1; }));
    RawClient later(fixture_.port());
    later.send(request("Echo", "welcome"));
    const auto welcome = later.receive();
    ASSERT_TRUE(welcome);
    EXPECT_EQ(welcome->body, "welcome");
}

// What the client said next is there when the answer is sent, so it is read at once, and a read that is done
// cannot be cancelled: the connection has to end all the same.
TEST_F(HttpServer, IdleConnectionThatSpeaksWhileItGivesWayEnds) {
    constexpr std::size_t kOneRead = 4096;
    fixture_.options.io_threads = 1;
    fixture_.options.limits.connections = 2;
    start();
    RawClient first(fixture_.port());
    first.send(request("Echo"));
    ASSERT_TRUE(first.receive());
    RawClient blocking(fixture_.port());
    blocking.send(request("Block") + "POST / HTTP/1.1\r\n");  // never idle
    ASSERT_TRUE(eventually([&] { return fixture_.service.waiting() == 1; }));
    const std::size_t around = request("Echo", std::string(1000, 'x')).size() - 1000;
    const std::string whole = request("Echo", std::string(kOneRead - around, 'x'));
    ASSERT_EQ(whole.size(), kOneRead);
    first.send(whole + "POST / HTTP/1.1\r\n");
    RawClient later(fixture_.port());
    fixture_.service.release();
    ASSERT_TRUE(first.receive());
    EXPECT_TRUE(first.closed_within(3s));
    later.send(request("Echo", "welcome"));
    EXPECT_EQ(later.receive()->body, "welcome");
    EXPECT_EQ(fixture_.server().connections(), 2u);
}

TEST_F(HttpServer, IdleConnectionIsClosedAfterItsTime) {
    fixture_.options.limits.idle_time = 300ms;
    start();
    RawClient client(fixture_.port());
    client.send(request("Echo"));
    ASSERT_TRUE(client.receive());
    EXPECT_TRUE(client.closed_within(3s));
}

TEST_F(HttpServer, UnixSocketServesAndIsPrivate) {
    const auto directory =
        std::filesystem::path(testing::TempDir()) / ("claviger-http-" + std::to_string(getpid()));
    std::filesystem::create_directory(directory);
    fixture_.options.listen.clear();
    fixture_.options.unix_socket = directory / "kms.sock";
    start();
    struct stat status {};
    ASSERT_EQ(::stat(fixture_.options.unix_socket.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
    RawClient client(fixture_.options.unix_socket.string());
    client.send(request("Echo", "local"));
    EXPECT_EQ(client.receive()->body, "local");
    EXPECT_EQ(fixture_.service.last_source_ip(), "unix");
    fixture_.server().stop(1s);
    EXPECT_FALSE(std::filesystem::exists(fixture_.options.unix_socket));
    std::filesystem::remove_all(directory);
}

TEST_F(HttpServer, PortInUseIsAnErrorThatSaysWhatToDo) {
    start();
    TestServer second;
    second.options.listen = {TcpEndpoint{"127.0.0.1", fixture_.port()}};
    ServerParts parts{{}, second.credentials, *second.arena, second.clock, second.random, nullptr};
    const auto refused = Server::start(second.options, parts);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::bad_config);
    EXPECT_THAT(refused.error().detail, HasSubstr("choose another"));
}

TEST_F(HttpServer, ExceptionOfTheServicesFactoryIsAStartError) {
    ServerParts parts{{},
                      fixture_.credentials,
                      *fixture_.arena,
                      fixture_.clock,
                      fixture_.random,
                      [](boost::asio::io_context&) -> std::unique_ptr<ThreadServices> {
                          throw std::runtime_error("no cluster");
                      }};
    const auto refused = Server::start(fixture_.options, parts);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().detail, HasSubstr("no cluster"));
}

TEST_F(HttpServer, StopAnswersWhatIsUnderWayAndEndsTheServices) {
    start();
    RawClient busy(fixture_.port());
    RawClient idle(fixture_.port());
    busy.send(request("Wait"));
    idle.send(request("Echo"));
    ASSERT_TRUE(idle.receive());
    ASSERT_TRUE(eventually([&] { return fixture_.service.waiting() == 1; }));
    EXPECT_EQ(fixture_.live_services(), 2u);
    std::thread stopper([&] { fixture_.server().stop(10s); });
    EXPECT_TRUE(idle.closed_within(3s));
    fixture_.service.release();
    const auto last = busy.receive();
    ASSERT_TRUE(last);
    EXPECT_EQ(last->status, 200u);
    EXPECT_EQ(last->field("Connection"), "close");
    stopper.join();
    EXPECT_EQ(fixture_.live_services(), 0u);
    EXPECT_EQ(fixture_.server().connections(), 0u);
}

TEST_F(HttpServer, StopUnderLoadLosesNoAcceptedRequest) {
    start();
    std::atomic<bool> broken{false};
    std::atomic<std::size_t> answered{0};
    std::vector<std::thread> clients;
    for (int i = 0; i < 8; ++i) {
        clients.emplace_back([&] {
            RawClient client(fixture_.port());
            const std::string wire = request("Echo", "load");
            for (;;) {
                // A request that meets the closing of an idle connection gets no answer and was never
                // executed; any other gets a whole one.
                if (!client.send(wire)) {
                    return;
                }
                const auto response = client.receive();
                if (!response) {
                    broken = broken || !client.rest().empty();
                    return;
                }
                ++answered;
                if (response->status != 200) {
                    broken = true;
                }
                if (response->field("Connection") == "close") {
                    return;
                }
            }
        });
    }
    ASSERT_TRUE(eventually([&] { return answered > 500; }));
    fixture_.server().stop(10s);
    for (std::thread& client : clients) {
        client.join();
    }
    EXPECT_FALSE(broken);
    EXPECT_EQ(answered, fixture_.service.calls());
}

TEST_F(HttpServer, CallThatOutlivesEveryDeadlineIsLeftBehind) {
    fixture_.options.limits.call_time = 10ms;
    start();
    auto client = std::make_unique<RawClient>(fixture_.port());
    client->send(request("Wait"));
    ASSERT_TRUE(eventually([&] { return fixture_.service.waiting() == 1; }));
    const auto before = std::chrono::steady_clock::now();
    fixture_.server().stop(50ms);
    EXPECT_LT(std::chrono::steady_clock::now() - before, 3s);
    EXPECT_EQ(fixture_.live_services(), 1u);
}

}  // namespace
}  // namespace claviger::http
