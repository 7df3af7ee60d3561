using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fleet;

/// <summary>An enum in JSON as its name in snake_case, like every member's name; numbers are refused.</summary>
public sealed class SnakeCaseEnum<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false)
    where T : struct, Enum;
