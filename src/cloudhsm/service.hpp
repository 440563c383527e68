// AWS CloudHSM v2 as a JSON service: one straight line per request, see dispatch.cpp.
#pragma once

#include <functional>

#include <claviger/base/secret.hpp>

#include "src/cloudhsm/error.hpp"
#include "src/cloudhsm/manager.hpp"
#include "src/http/api.hpp"

namespace claviger::cloudhsm {

struct ServiceOptions {
    // Told of every answer that is our fault (status 500), with the detail that callers never see. May be
    // empty.
    std::function<void(const http::Call&, const Failure&)> report;
};

// Thread-safe. `manager` outlives it; the store's writer thread must be joined before the io_context that
// runs calls is destroyed.
class CloudHsmService final : public http::JsonService {
public:
    CloudHsmService(ServiceOptions options, Manager& manager);

    std::string_view target_prefix() const override;
    std::string_view signing_name() const override;
    boost::asio::awaitable<http::Answer> call(http::IoContext& io, const http::Call& call) override;
    boost::asio::awaitable<void> refused(http::IoContext& io, const http::Refusal& refusal) override;

private:
    const ServiceOptions options_;
    Manager& manager_;
};

}  // namespace claviger::cloudhsm
