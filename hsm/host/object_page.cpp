#include "hsm/host/object_page.hpp"

#include <algorithm>

namespace claviger::host {

namespace control = link::control;

namespace {

constexpr std::size_t kMaxPage = link::kMaxControlFrame / 2;  // bytes of labels and ids

}  // namespace

control::ObjectList object_page(std::vector<hsm::TokenObject> all, std::uint64_t offset,
                                std::size_t& left_out) {
    left_out = std::erase_if(all, [](const hsm::TokenObject& object) {
        return object.label.size() > control::kMaxText || object.id.size() > control::kMaxBytes;
    });
    control::ObjectList page;
    std::size_t bytes = 0;
    std::size_t next = std::min<std::uint64_t>(offset, all.size());
    for (; next < all.size() && page.objects.size() < control::kMaxList && bytes < kMaxPage; ++next) {
        hsm::TokenObject& object = all[next];
        bytes += object.label.size() + object.id.size();
        page.objects.push_back({object.object_class, std::move(object.label), std::move(object.id)});
    }
    page.more = next < all.size();
    return page;
}

}  // namespace claviger::host
