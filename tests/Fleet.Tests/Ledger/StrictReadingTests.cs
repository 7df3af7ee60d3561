using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Ledger;
using Fleet.Processes;
using Fleet.Sandboxes;

namespace Fleet.Tests.Ledger;

/// <summary>A row that is not exactly what this version writes is refused, with a reason; it is never skipped or guessed at.</summary>
public sealed class StrictReadingTests
{
    private static readonly FleetEvent Example = new ProcessEvent.StopEscalated(RunId.Parse("redis-1"), 1);

    [Fact]
    public void An_unknown_stored_name_is_refused_by_name() =>
        Assert.Contains("'process.exploded.v1'", Refused(row => row["envelope"]!["name"] = "process.exploded.v1"), StringComparison.Ordinal);

    [Fact]
    public void A_stored_name_in_another_case_is_unknown() =>
        Assert.Contains("'Process.stop_escalated.v1'", Refused(row => row["envelope"]!["name"] = "Process.stop_escalated.v1"), StringComparison.Ordinal);

    [Fact]
    public void An_unknown_member_of_the_event_is_refused() =>
        Assert.Contains("colour", Refused(row => row["event"]!["colour"] = "red"), StringComparison.Ordinal);

    [Fact]
    public void An_unknown_member_of_the_envelope_is_refused() =>
        Assert.Contains("colour", Refused(row => row["envelope"]!["colour"] = "red"), StringComparison.Ordinal);

    [Fact]
    public void An_unknown_member_beside_both_is_refused() =>
        Assert.Contains("colour", Refused(row => row["colour"] = "red"), StringComparison.Ordinal);

    [Theory]
    [InlineData("run")]
    [InlineData("rung")]
    public void A_missing_member_of_the_event_is_refused(string member) =>
        Assert.Contains(member, Refused(row => row["event"]!.AsObject().Remove(member)), StringComparison.Ordinal);

    [Theory]
    [InlineData("id")]
    [InlineData("sequence")]
    [InlineData("occurred_at")]
    [InlineData("principal")]
    [InlineData("subject")]
    [InlineData("correlation_id")]
    public void A_missing_member_of_the_envelope_is_refused(string member) =>
        Assert.Contains(member, Refused(row => row["envelope"]!.AsObject().Remove(member)), StringComparison.Ordinal);

    [Theory]
    [InlineData("envelope")]
    [InlineData("event")]
    public void A_row_without_one_of_its_halves_is_refused(string half) =>
        Assert.Contains(half, Refused(row => row.Remove(half)), StringComparison.Ordinal);

    [Theory]
    [InlineData("\"rung\":1", "\"rung\":1,\"rung\":2")]
    [InlineData("\"sequence\":42", "\"sequence\":42,\"sequence\":43")]
    [InlineData("\"event\":{", "\"event\":{},\"event\":{")]
    public void A_duplicate_member_is_refused(string once, string twice)
    {
        var stored = Encoding.UTF8.GetString(EventCatalog.Write(Examples.Of(Example)));
        Assert.Contains(once, stored, StringComparison.Ordinal);

        Assert.ThrowsAny<JsonException>(() => Read(stored.Replace(once, twice, StringComparison.Ordinal)));
    }

    [Fact]
    public void A_value_of_another_type_is_refused() => Refused(row => row["event"]!["rung"] = "1");

    [Fact]
    public void A_value_that_breaks_its_type_s_rule_is_refused() => Refused(row => row["event"]!["run"] = "../escape");

    [Fact]
    public void Null_where_a_value_must_stand_is_refused() => Refused(row => row["envelope"]!["subject"] = null);

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"envelope\":")]
    public void What_is_no_row_at_all_is_refused(string stored) => Assert.ThrowsAny<JsonException>(() => Read(stored));

    [Fact]
    public void A_row_cut_short_anywhere_is_refused()
    {
        var stored = EventCatalog.Write(Examples.Of(Example));

        Assert.All(Enumerable.Range(0, stored.Length), length => Assert.ThrowsAny<JsonException>(() => EventCatalog.Read(stored.AsSpan(0, length))));
    }

    private static string Refused(Action<JsonObject> spoil)
    {
        var row = JsonNode.Parse(EventCatalog.Write(Examples.Of(Example)))!.AsObject();
        spoil(row);
        return Assert.ThrowsAny<JsonException>(() => Read(row.ToJsonString())).Message;
    }

    private static Recorded Read(string stored) => EventCatalog.Read(Encoding.UTF8.GetBytes(stored));
}
