using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Fleet.Grants;
using static Fleet.Tests.Grants.GrantSample;

namespace Fleet.Tests.Grants;

public class GrantFormatTests
{
    [Fact]
    public void A_grant_is_text_that_a_person_can_read() => Assert.Equal(
        """
        {
          "fleet_grant": 1,
          "id": "g-8f3a91b2c4d5e6f7",
          "fleet": "shop",
          "requester": "alice@example.com",
          "reason": "disk is full, ticket 4711",
          "break_glass": false,
          "hosts": {
            "names": [
              "web-1"
            ],
            "labels": {}
          },
          "not_before": "2026-11-26T12:00:00Z",
          "not_after": "2026-11-26T13:00:00Z",
          "privileges": [],
          "root_task": null,
          "privileged_job": null
        }

        """,
        Text(ForTask with { RootTask = null, Privileges = Fleet.Privileges.PrivilegeSet.Baseline }));

    [Fact]
    public void What_is_written_is_read_and_written_again_the_same()
    {
        foreach (var text in new[] { Text(ForTask), Text(ForJob) })
        {
            var read = Assert.IsType<GrantReading.Read>(Read(text));
            Assert.Equal(text, Text(read.Document));
        }
    }

    [Theory]
    [InlineData("\"reason\": ", "\"raison\": ")]
    [InlineData("\"uid\": 1000,", "")]
    [InlineData("\"uid\": 1000,", "\"uid\": 1000, \"uid\": 0,")]
    [InlineData("\"uid\": 1000,", "\"uid\": 1000, \"UID\": 0,")]
    [InlineData("\"uid\": 1000,", "\"uid\": \"1000\",")]
    [InlineData("\"uid\": 1000,", "\"uid\": 1e3,")]
    [InlineData("\"uid\": 1000,", "\"uid\": 4294967296,")]
    [InlineData("\"uid\": 1000,", "\"uid\": null,")]
    [InlineData("\"uid\": 1000,", "\"uid\": 1000, /* root */")]
    [InlineData("\"groups\": [", "\"groups\": [0,],\"x\":[")]
    [InlineData("\"hosts\": {", "\"hosts\": null, \"x\": {")]
    [InlineData("\"argv\": [", "\"argv\": [null, ")]
    [InlineData("\"LANG\": \"C\"", "\"LANG\": null")]
    [InlineData("\"capability:DAC_READ_SEARCH\"", "null")]
    [InlineData("\"capability:DAC_READ_SEARCH\"", "\"privileged\"")]
    [InlineData("\"g-8f3a91b2c4d5e6f7\"", "\"../../etc/passwd\"")]
    [InlineData("\"break_glass\": false", "\"break_glass\": 0")]
    [InlineData("T12:00:00Z", "T12:00:00")]
    [InlineData("T12:00:00Z", "T12:00:00+00:00")]
    [InlineData("T12:00:00Z", "T12:00:00.5Z")]
    [InlineData("T12:00:00Z", "")]
    [InlineData("\"argv\": [", "\"argv\":\r[")]
    [InlineData("\"argv\": [", "\"argv\":  [")]
    [InlineData("/usr/bin/tail", "\\u002fusr/bin/tail")]
    [InlineData("disk is full", "disk \u202e is full")]
    [InlineData("disk is full", "d\u00efsk is full")]
    public void What_two_parsers_could_read_in_two_ways_is_refused(string from, string to)
    {
        var text = Text(ForTask);
        Assert.Contains(from, text, StringComparison.Ordinal);
        Assert.IsType<GrantReading.Refused>(Read(text.Replace(from, to, StringComparison.Ordinal)));
    }

    public static TheoryData<string> Members => [.. Paths(JsonNode.Parse(Text(ForTask))!), .. Paths(JsonNode.Parse(Text(ForJob))!).Where(p => p.StartsWith("privileged_job.", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Members))]
    public void Every_member_must_be_there_and_be_a_value(string path)
    {
        var document = path.StartsWith("privileged_job.", StringComparison.Ordinal) ? ForJob : ForTask;
        Assert.IsType<GrantReading.Refused>(Read(Changed(document, path, (parent, name) => parent.Remove(name))));
        var isOptional = path is "root_task.program" or "privileged_job";
        Assert.Equal(isOptional, Read(Changed(document, path, (parent, name) => parent[name] = null)) is GrantReading.Read);
        Assert.IsType<GrantReading.Refused>(Read(Changed(document, path, (parent, name) => parent[name + "x"] = 1)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{} {}")]
    [InlineData("\uFEFF{}")]
    public void What_is_no_object_is_no_grant(string text) => Assert.IsType<GrantReading.Refused>(Read(text));

    [Fact]
    public void A_second_document_after_the_first_is_refused() => Assert.IsType<GrantReading.Refused>(Read(Text(ForTask) + Text(ForJob)));

    [Fact]
    public void One_byte_over_the_limit_is_refused_unread()
    {
        var refused = Assert.IsType<GrantReading.Refused>(Read(Text(ForTask).PadRight(GrantFormat.Longest + 1)));
        Assert.Contains("at most 32768 bytes", Assert.Single(refused.Mistakes).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_that_are_no_UTF_8_are_refused()
    {
        var bytes = GrantFormat.Write(ForTask);
        bytes[Encoding.UTF8.GetString(bytes).IndexOf("disk", StringComparison.Ordinal)] = 0xFF;
        Assert.IsType<GrantReading.Refused>(GrantFormat.Read(bytes));
    }

    [Fact]
    public void A_grant_with_any_byte_changed_is_read_or_refused_and_never_thrown_over() =>
        Gen.Select(Gen.Int[0, 1_000_000], Gen.Byte, Gen.Int[0, 4]).Sample(
            (at, value, more) =>
            {
                var bytes = GrantFormat.Write(ForTask);
                for (var i = 0; i <= more; i++)
                {
                    bytes[(at + (i * 7919)) % bytes.Length] = (byte)(value + i);
                }

                return GrantFormat.Read(bytes) is GrantReading.Read or GrantReading.Refused;
            },
            iter: 100_000);

    [Fact]
    public void A_text_in_any_language_is_read_back_and_its_bytes_drive_no_terminal()
    {
        var document = ForTask with { Reason = "größe 漢字 🔥 \u202e \u001b[2J <a & 'b'> \\" };
        var bytes = GrantFormat.Write(document);
        Assert.Equal(document.Reason, Assert.IsType<GrantReading.Read>(GrantFormat.Read(bytes)).Document.Reason);
        Assert.All(bytes, b => Assert.True(b is >= 0x20 and <= 0x7E or (byte)'\n'));
        Assert.Contains("<a & 'b'>", Encoding.ASCII.GetString(bytes), StringComparison.Ordinal);
    }

    // Members of maps are names that people give, not the format's.
    private static IEnumerable<string> Paths(JsonNode node) => node.AsObject().SelectMany(member => member.Key is "labels" or "env" || member.Value is not JsonObject inner
        ? [member.Key]
        : Paths(inner).Select(path => $"{member.Key}.{path}").Prepend(member.Key));

    private static string Changed(GrantDocument document, string path, Action<JsonObject, string> change)
    {
        var root = JsonNode.Parse(Text(document))!.AsObject();
        var words = path.Split('.');
        change(words[..^1].Aggregate(root, (at, word) => at[word]!.AsObject()), words[^1]);
        return root.ToJsonString(new JsonSerializerOptions { WriteIndented = true, NewLine = "\n" }) + "\n";
    }

    private static GrantReading Read(string text) => GrantFormat.Read(Encoding.UTF8.GetBytes(text));
}
