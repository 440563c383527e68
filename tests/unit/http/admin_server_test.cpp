#include "src/http/admin_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/http/test_server.hpp"

namespace claviger::http {
namespace {

using test::RawClient;
using testing::HasSubstr;

AdminPages pages() {
    AdminPages made;
    made.healthz = [] { return HealthReport{Health::good, "ok"}; };
    made.readyz = [] { return HealthReport{Health::bad, "no HSM serves"}; };
    made.metrics = [] { return std::string("claviger_up 1\n"); };
    return made;
}

TEST(AdminServer, PagesAreServedOnOneConnection) {
    const auto admin = AdminServer::start({}, pages());
    ASSERT_TRUE(admin);
    RawClient client((*admin)->port());
    client.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto health = client.receive();
    EXPECT_EQ(health->status, 200u);
    EXPECT_EQ(health->body, "ok\n");
    client.send("GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto ready = client.receive();
    EXPECT_EQ(ready->status, 503u);
    EXPECT_EQ(ready->body, "no HSM serves\n");
    client.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto metrics = client.receive();
    EXPECT_EQ(metrics->body, "claviger_up 1\n");
    EXPECT_THAT(metrics->field("Content-Type"), HasSubstr("version=0.0.4"));
}

TEST(AdminServer, EverythingElseIsRefused) {
    const auto admin = AdminServer::start({}, pages());
    ASSERT_TRUE(admin);
    RawClient client((*admin)->port());
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(client.receive()->status, 404u);
    client.send("POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(client.receive()->status, 405u);
    RawClient garbage((*admin)->port());
    garbage.send("\x16\x03\x01 nonsense\r\n\r\n");
    EXPECT_TRUE(garbage.closed_within(std::chrono::seconds(3)));
}

TEST(AdminServer, PortInUseIsAnError) {
    const auto admin = AdminServer::start({}, pages());
    ASSERT_TRUE(admin);
    const auto second = AdminServer::start({"127.0.0.1", (*admin)->port()}, pages());
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Errc::bad_config);
}

}  // namespace
}  // namespace claviger::http
