// The last step of a start: what clients need to know.
#include <fmt/format.h>
#include <unistd.h>

#include <claviger/base/files.hpp>
#include <claviger/base/registers.hpp>

#include "src/app/running_service.hpp"

namespace claviger::app {

// The lines to source stand in DIR/env. With the secret of the first access key in dev; in production that is
// written once, when the key is made, to a file of its own that the operator takes away.
Status<> Service::announce() {
    std::vector<std::string> refused;
    const auto keys = open_access_keys(contents_, *sealing_key_, refused);
    const auto url = [](const config::Endpoint& endpoint, std::uint16_t port, std::string_view scheme) {
        const bool v6 = endpoint.address.find(':') != std::string::npos;
        return fmt::format("{}://{}{}{}:{}", scheme, v6 ? "[" : "", endpoint.address, v6 ? "]" : "", port);
    };
    const bool dev = settings_.kind == Kind::dev;
    // Reserved once, appended in place: a string that grows would leave the secret in the block it left.
    std::string credentials;
    std::string lines;
    credentials.reserve(1024);
    lines.reserve(4096);
    if (!keys.empty() && (dev || first_key_ == FirstKey::made_now)) {
        credentials.append("export AWS_ACCESS_KEY_ID=").append(keys.front().id);
        credentials.append("\nexport AWS_SECRET_ACCESS_KEY=");
        credentials.append(as_text(keys.front().secret.reveal(SecretAccess{}))).append("\n");
    }
    lines.append("export AWS_ENDPOINT_URL=");
    lines.append(
        url(config_.http.listen, server_->port(), config_.http.tls_certificate.empty() ? "http" : "https"));
    lines.append("\n");
    if (dev) {
        lines.append(credentials);
    }
    lines.append("export AWS_REGION=").append(config_.service.home_region());
    lines.append("\nexport AWS_DEFAULT_REGION=").append(config_.service.home_region());
    lines.append("\nexport CLAVIGER_ADMIN_URL=");
    lines.append(url(config_.http.admin_listen, admin_->port(), "http")).append("\n");
    Status<> written = replace_file(layout_.env(), as_bytes(lines));
    if (written && dev) {
        // Not through stdio, which would keep a copy. If nobody reads it, the file has the same lines.
        (void)write_all(STDOUT_FILENO, as_bytes(lines));
        fmt::print("# these lines stand in {}; ready\n", layout_.env().string());
    } else if (written && !credentials.empty()) {
        written = replace_file(layout_.first_access_key(), as_bytes(credentials));
        fmt::print("serving; the first access key stands in {}: take it away\n",
                   layout_.first_access_key().string());
    }
    std::fflush(stdout);
    wipe(credentials);
    wipe(lines);
    wipe_vector_registers();
    if (written && !settings_.ready_file.empty()) {
        written = replace_file(settings_.ready_file, as_bytes("ready\n"));
    }
    return written;
}

}  // namespace claviger::app
