using System.Collections.Immutable;
using System.Text.Json;
using Fleet.Client.Jobs;

namespace Fleet.Client.Tests.Jobs;

/// <summary>schema/job.schema.json says what the reader does: level by level the same keys, and the same word on every example.</summary>
public class JobSchemaTests
{
    private static readonly JsonElement Schema = JsonDocument.Parse(File.ReadAllText(Example.Schema)).RootElement;
    private static readonly MiniSchema Checker = new(Schema);

    [Fact]
    public void The_schema_lists_the_keys_of_the_reader_at_every_level()
    {
        var process = At("process");
        var restart = process.GetProperty("restart").GetProperty("anyOf")[1];
        var health = process.GetProperty("health").GetProperty("anyOf")[1].GetProperty("properties");
        (string Level, ImmutableArray<string> Keys, JsonElement Properties)[] levels =
        [
            ("job", JobFileKeys.Job, Schema.GetProperty("properties")),
            ("process", JobFileKeys.Process, process),
            ("hooks", JobFileKeys.Hooks, Properties(process.GetProperty("hooks"))),
            ("limits", JobFileKeys.Limits, Properties(process.GetProperty("limits"))),
            ("unsafe", JobFileKeys.Unsafe, Properties(process.GetProperty("unsafe"))),
            ("restart", JobFileKeys.Restart, Properties(restart)),
            ("health", JobFileKeys.Health, health),
            ("http", JobFileKeys.Http, Properties(health.GetProperty("http"))),
            ("tcp", JobFileKeys.Tcp, Properties(health.GetProperty("tcp"))),
            ("user", JobFileKeys.User, Properties(process.GetProperty("user").GetProperty("anyOf")[1])),
            ("env", JobFileKeys.Secret, Properties(process.GetProperty("env").GetProperty("additionalProperties").GetProperty("anyOf")[1])),
            ("volume", JobFileKeys.Volume, Properties(Checker.Definition("volume").GetProperty("anyOf")[1])),
            ("file", JobFileKeys.File, At("file")),
        ];

        Assert.All(levels, level => Assert.Equal(
            $"{level.Level}: {string.Join(' ', level.Keys.Order(StringComparer.Ordinal))}",
            $"{level.Level}: {string.Join(' ', level.Properties.EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal))}"));
        Assert.Equal(levels.Length, CountObjects(Schema));
    }

    [Fact]
    public void Every_object_of_the_schema_is_closed_and_every_key_is_described() => Assert.Equal("", string.Concat(Walk(Schema, "$")));

    [Theory]
    [MemberData(nameof(JobFileCorpusTests.Files), "bpm", MemberType = typeof(JobFileCorpusTests))]
    [MemberData(nameof(JobFileCorpusTests.Files), "fleet", MemberType = typeof(JobFileCorpusTests))]
    public void The_schema_takes_what_the_reader_takes(string name, string path) =>
        Assert.Equal($"{name}: ", $"{name}: {string.Join('\n', Checker.Errors(YamlAsJson.Read(path)))}");

    [Theory]
    [MemberData(nameof(JobFileCorpusTests.Files), "broken", MemberType = typeof(JobFileCorpusTests))]
    public void The_schema_refuses_what_the_reader_refuses(string name, string path) =>
        Assert.True(Checker.Errors(YamlAsJson.Read(path)).Any(), $"{name} is valid by the schema");

    private static JsonElement At(string definition) => Properties(Checker.Definition(definition));

    private static JsonElement Properties(JsonElement schema) => schema.GetProperty("properties");

    private static int CountObjects(JsonElement schema) => schema.ValueKind switch
    {
        JsonValueKind.Object => schema.EnumerateObject().Sum(p => CountObjects(p.Value)) + (IsClosed(schema) ? 1 : 0),
        JsonValueKind.Array => schema.EnumerateArray().Sum(CountObjects),
        _ => 0,
    };

    private static bool IsClosed(JsonElement schema) => schema.TryGetProperty("additionalProperties", out var more) && more.ValueKind == JsonValueKind.False;

    private static IEnumerable<string> Walk(JsonElement schema, string at) => schema.ValueKind switch
    {
        JsonValueKind.Array => schema.EnumerateArray().SelectMany((item, i) => Walk(item, $"{at}[{i}]")),
        JsonValueKind.Object =>
        [
            schema.TryGetProperty("properties", out var properties) && properties.ValueKind == JsonValueKind.Object && !at.EndsWith(".properties") && !IsClosed(schema) ? $"{at} is open" : "",
            .. schema.EnumerateObject().Select(p => at.EndsWith(".properties") && !p.Value.TryGetProperty("description", out _) ? $"{at}.{p.Name} is not described" : ""),
            .. schema.EnumerateObject().SelectMany(p => Walk(p.Value, $"{at}.{p.Name}")),
        ],
        _ => [],
    };
}
