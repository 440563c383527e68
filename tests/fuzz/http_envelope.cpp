// Bytes of a client -> head -> body -> JSON API with a service that does nothing: nothing may crash, and what
// the framing takes must lie inside the input.
#include <cstdlib>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "src/http/chunked.hpp"
#include "src/http/json_api.hpp"
#include "src/http/reply.hpp"
#include "src/http/request_head.hpp"

namespace {

using namespace claviger;
namespace asio = boost::asio;

class NullService final : public http::JsonService {
public:
    std::string_view target_prefix() const override { return "TrentService"; }
    std::string_view signing_name() const override { return "kms"; }
    asio::awaitable<http::Answer> call(http::IoContext&, const http::Call& call) override {
        http::Answer answer;
        answer.body = std::string(call.operation);
        co_return answer;
    }
    asio::awaitable<void> refused(http::IoContext&, const http::Refusal&) override { co_return; }
};

// Everything one input needs, made once. The null service follows neither reference.
struct Harness {
    static auth::VerifierOptions options() {
        auth::VerifierOptions made;
        made.accept = auth::Accept::any_credentials;
        return made;
    }

    std::unique_ptr<auth::SecretArena> arena =
        std::move(*auth::SecretArena::create(auth::Locking::preferred));
    auth::CredentialSource credentials;
    auth::Verifier verifier{options(), credentials, *arena};
    alignas(16) std::byte nothing[16]{};
    http::IoContext io{reinterpret_cast<cluster::Client&>(nothing),
                       reinterpret_cast<audit::Writer&>(nothing)};
    NullService service;
    std::vector<http::JsonService*> services{&service};
    http::JsonApi api{services, verifier, io};
    http::Peer peer{"192.0.2.1", "", ""};
};

void run(Harness& harness, const http::RequestHead& head, ByteView body) {
    const http::Arrival arrival{head, body, harness.peer, "id", WallTime(), MonoTime()};
    asio::io_context io(1);
    auto call = [&]() -> asio::awaitable<void> {
        http::Persistence persistence = head.persistence;
        const http::Answer answer = co_await harness.api.answer(arrival, persistence);
        http::WireBuffer out;
        http::ReplyHead reply;
        reply.status = answer.status;
        reply.persistence = persistence;
        http::append_reply(out, reply, answer.body);
        if (out.empty()) {
            std::abort();
        }
    };
    asio::co_spawn(io, call, [](std::exception_ptr failure) {
        if (failure) {
            std::abort();
        }
    });
    io.run();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static Harness harness;
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const std::size_t end = input.find("\r\n\r\n");
    if (end == std::string_view::npos) {
        return 0;
    }
    claviger::http::RequestHead head;
    if (claviger::http::parse_head(input.substr(0, end + 4), 100, head)) {
        return 0;
    }
    for (const auto& field : head.fields) {
        if (field.name.data() < input.data() ||
            field.value.data() + field.value.size() > input.data() + end + 4) {
            std::abort();
        }
    }
    const claviger::ByteView rest = claviger::as_bytes(input.substr(end + 4));
    if (!head.chunked) {
        if (head.content_length <= rest.size()) {
            run(harness, head, rest.first(static_cast<std::size_t>(head.content_length)));
        }
        return 0;
    }
    claviger::http::ChunkedDecoder decoder(1 << 16);
    claviger::SecretBytes::Buffer body;
    std::size_t consumed = 0;
    if (!decoder.consume(rest, body, consumed) && decoder.done()) {
        if (consumed > rest.size() || body.size() > consumed) {
            std::abort();
        }
        run(harness, head, body);
    }
    return 0;
}
