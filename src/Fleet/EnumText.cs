using System.Text.Json;

namespace Fleet;

/// <summary>An enum's value for people and records, as it stands in JSON.</summary>
public static class EnumText
{
    public static string Of<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
}
