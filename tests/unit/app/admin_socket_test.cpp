// The operator's end of the admin socket.
#include "src/app/admin_socket.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <thread>

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>

namespace claviger::app {
namespace {

using namespace std::chrono_literals;
using Protocol = boost::asio::local::stream_protocol;

class AskServiceTest : public testing::Test {
protected:
    AskServiceTest()
        : path_(testing::TempDir() + "ask_service_" + std::to_string(::getpid())),
          service_(io_, Protocol::endpoint(path_.string())) {}
    ~AskServiceTest() override { std::filesystem::remove(path_); }

    std::filesystem::path path_;
    boost::asio::io_context io_;
    Protocol::acceptor service_;
};

TEST_F(AskServiceTest, AServiceThatNeverAnswersIsGivenUp) {
    const Result<std::string> answer = ask_service(path_, "clock accept", 20ms);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Errc::deadline_exceeded);
}

TEST_F(AskServiceTest, AnAnswerIsReadToItsEnd) {
    const std::string text(100'000, 'x');
    std::jthread serving([&] {
        Protocol::socket peer = service_.accept();
        std::array<char, 64> request{};
        peer.receive(boost::asio::buffer(request));
        boost::asio::write(peer, boost::asio::buffer("ok\n" + text));
    });
    const Result<std::string> answer = ask_service(path_, "clock accept", 10s);
    ASSERT_TRUE(answer) << answer.error().describe();
    EXPECT_EQ(*answer, text);
}

}  // namespace
}  // namespace claviger::app
