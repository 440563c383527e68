// Certificates that are only compared: self-signed, their keys thrown away.
#pragma once

namespace claviger::kms::test {

inline constexpr char kAnchor[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBeTCCAR+gAwIBAgIUcu0c8jisxMenwM8eIxNIEXXS61UwCgYIKoZIzj0EAwIw\n"
    "ETEPMA0GA1UEAwwGYW5jaG9yMCAXDTI2MTEyMjA4NDQ1MFoYDzIxMjYxMDI5MDg0\n"
    "NDUwWjARMQ8wDQYDVQQDDAZhbmNob3IwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC\n"
    "AAR6xnxYbzjEzJenFppuOvoqjh8rR2vgs7TW1eksULVVQHmqWaGnnyvOzeZ+wRbm\n"
    "H9olftbO3K/BHPHpPlxBHMJUo1MwUTAdBgNVHQ4EFgQUyBi2ebuibTaxP1E42ySr\n"
    "6OtU9u0wHwYDVR0jBBgwFoAUyBi2ebuibTaxP1E42ySr6OtU9u0wDwYDVR0TAQH/\n"
    "BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEAqR8PNj+X/0F+v3QER9FAg/qEFC3s\n"
    "/0RzLc68z+e9qoACIDbVK5ShJ28GvB94mrHxpzkuFcS0mFIn7MJbmeRYfZSq\n"
    "-----END CERTIFICATE-----\n";

inline constexpr char kOtherAnchor[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBhTCCASugAwIBAgIUc047aCfNf2EFJpI1k1CTpBU7PpswCgYIKoZIzj0EAwIw\n"
    "FzEVMBMGA1UEAwwMb3RoZXIgYW5jaG9yMCAXDTI2MTEyMjA4NDQ1MFoYDzIxMjYx\n"
    "MDI5MDg0NDUwWjAXMRUwEwYDVQQDDAxvdGhlciBhbmNob3IwWTATBgcqhkjOPQIB\n"
    "BggqhkjOPQMBBwNCAAS/vVornW6UTWWIXR2+GLPTRbCK5ChXzKedqrMTTFYgnIjp\n"
    "iXJgZkFcBKkbviM6T9lT63vUioJNT30bCdQEb4Rso1MwUTAdBgNVHQ4EFgQU+0eg\n"
    "6OBEjw/OktuAABcOFczMcS4wHwYDVR0jBBgwFoAU+0eg6OBEjw/OktuAABcOFczM\n"
    "cS4wDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiAH3lQGN1RVXOAg\n"
    "itz/COfvmiYEvgdZJtPcZku6R+BKjwIhAMKl998QNmGBnN1gD46YpMYqa6OqmQvW\n"
    "5c/taVErRMlN\n"
    "-----END CERTIFICATE-----\n";

inline constexpr char kClusterCertificate[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBejCCASGgAwIBAgIUJjdhAmBC4B2jBRxJbarWPD6xBf8wCgYIKoZIzj0EAwIw\n"
    "EjEQMA4GA1UEAwwHY2x1c3RlcjAgFw0yNjExMjIwODQ0NTBaGA8yMTI2MTAyOTA4\n"
    "NDQ1MFowEjEQMA4GA1UEAwwHY2x1c3RlcjBZMBMGByqGSM49AgEGCCqGSM49AwEH\n"
    "A0IABMy50ANYiu77uQBonCCvJwnvosrmY3ubDN9J4lNwo8e957wWgBBm8B7rWi4o\n"
    "qYAggFWrG3hgR3b/m221aNu7ECejUzBRMB0GA1UdDgQWBBTHprSI7FIf7jU6nyi4\n"
    "Ic48oiqJqjAfBgNVHSMEGDAWgBTHprSI7FIf7jU6nyi4Ic48oiqJqjAPBgNVHRMB\n"
    "Af8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCIH3He5cMUahIOFAclweqvu0Gch1J\n"
    "94PAywJi6fIzNLdIAiB4zRLYemgNTQXqxzOxJpkSIUmR6OmLZjeGHgSOtkUYhg==\n"
    "-----END CERTIFICATE-----\n";

inline constexpr char kOtherClusterCertificate[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBiDCCAS2gAwIBAgIUC74zpBGwmFH5FcUSwZYELMYpzxswCgYIKoZIzj0EAwIw\n"
    "GDEWMBQGA1UEAwwNb3RoZXIgY2x1c3RlcjAgFw0yNjExMjIwODQ0NTFaGA8yMTI2\n"
    "MTAyOTA4NDQ1MVowGDEWMBQGA1UEAwwNb3RoZXIgY2x1c3RlcjBZMBMGByqGSM49\n"
    "AgEGCCqGSM49AwEHA0IABGTgonVsEhaKH37bmcd92y0dX+7K5IGnW1uvxQu79OVm\n"
    "j9ov1kT4ySafganT8UzQ8odNhZEWeQO3HrXwt8cfSRujUzBRMB0GA1UdDgQWBBRG\n"
    "pNnrrgEuIbOYiDwvcC8Wz5TqJjAfBgNVHSMEGDAWgBRGpNnrrgEuIbOYiDwvcC8W\n"
    "z5TqJjAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0kAMEYCIQDAdNgMai+m\n"
    "YThiK6HlWAt2eyAArJCNeyXDenSXDSHZpAIhAN9sEh1K7Qyn//TneLkjsMhYeDwx\n"
    "QIHtLOW53o8VAHEX\n"
    "-----END CERTIFICATE-----\n";

}  // namespace claviger::kms::test
