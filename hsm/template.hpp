// An owning attribute template: what the CK_ATTRIBUTEs point at lives as long as the template.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include <claviger/base/secret.hpp>

#include "hsm/cryptoki.hpp"

namespace claviger::hsm {

class Template {
public:
    Template() = default;
    Template(Template&&) = default;
    Template& operator=(Template&&) = default;
    Template(const Template&) = delete;  // the attributes would point into the original
    Template& operator=(const Template&) = delete;
    Template clone() const;

    Template& yes(CK_ATTRIBUTE_TYPE type);
    Template& no(CK_ATTRIBUTE_TYPE type);
    Template& number(CK_ATTRIBUTE_TYPE type, CK_ULONG value);
    Template& bytes(CK_ATTRIBUTE_TYPE type, ByteView value);
    Template& text(CK_ATTRIBUTE_TYPE type, std::string_view value);
    Template& mechanisms(std::initializer_list<CK_MECHANISM_TYPE> list);
    Template& mechanisms(const std::vector<CK_MECHANISM_TYPE>& list);
    Template& nested(CK_ATTRIBUTE_TYPE type, Template inner);
    Template& remove(CK_ATTRIBUTE_TYPE type);
    // Appends every attribute of `more`.
    Template& append(const Template& more);

    CK_ATTRIBUTE_PTR data() noexcept { return attributes_.data(); }
    CK_ULONG size() const noexcept { return attributes_.size(); }
    const std::vector<CK_ATTRIBUTE>& attributes() const noexcept { return attributes_; }

private:
    Template& add(CK_ATTRIBUTE_TYPE type, ByteView value);
    std::vector<CK_ATTRIBUTE> attributes_;
    std::vector<std::unique_ptr<SecretBytes::Buffer>> values_;  // parallel to attributes_; may be keys: wiped
    std::vector<std::unique_ptr<Template>> inner_;              // parallel; null where not nested
};

}  // namespace claviger::hsm
