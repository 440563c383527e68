// A program outside Claviger: logs in to a token, draws random bytes there, and asks for a cluster.
//   stranger MODULE SERIAL PIN
#include <cstdio>

#include <boost/asio/io_context.hpp>

#include <claviger/base/clock.hpp>
#include <claviger/cluster/cluster.hpp>
#include <claviger/hsm/module.hpp>
#include <claviger/hsm/token.hpp>

namespace {

int failed(const claviger::Error& error) {
    std::fprintf(stderr, "%s\n", error.describe().c_str());
    return 1;
}

int use_token(const char* path, const char* serial, const char* pin) {
    using namespace claviger;
    auto module = hsm::Module::load({.path = path});
    if (!module) {
        return failed(module.error());
    }
    const auto found = (*module)->find_token(serial);
    if (!found) {
        return failed(found.error());
    }
    auto token = hsm::Token::open(**module, found->slot);
    if (!token) {
        return failed(token.error());
    }
    if (const auto in = (*token)->login(SecretBytes(std::string_view(pin))); !in) {
        return failed(in.error());
    }
    auto lane = (*token)->open_lane();
    if (!lane) {
        return failed(lane.error());
    }
    std::array<std::byte, 32> bytes{};
    if (const auto drawn = (*lane)->random(bytes); !drawn) {
        return failed(drawn.error());
    }
    std::printf("random from %s: %s\n", found->label.c_str(),
                bytes == std::array<std::byte, 32>{} ? "nothing" : "32 bytes");
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) {
        std::fprintf(stderr, "stranger MODULE SERIAL PIN\n");
        return 2;
    }
    if (const int status = use_token(argv[1], argv[2], argv[3]); status != 0) {
        return status;
    }
    boost::asio::io_context io;
    const claviger::SystemClock clock;
    claviger::SystemRandom random;
    const auto cluster = claviger::cluster::Cluster::make(io, {}, clock, random);
    std::printf("a cluster of nothing: %s\n",
                cluster ? "made" : std::string(to_string(cluster.error().code)).c_str());
    return 0;
}
