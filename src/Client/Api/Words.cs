using System.Text.Json;

namespace Fleet.Client.Api;

/// <summary>Enumeration members as the API writes them: <c>CrashLooping</c> is <c>crash_looping</c>.</summary>
internal static class Words
{
    public static string Of<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
}
