using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.RootTasks;

namespace Fleet.Tests.RootTasks;

public class RootPolicyTests
{
    private const string Whole = """
        {
          "fleet_root_policy": 1, "fleet": "shop", "host": "web-1", "labels": {"tier": "web"}, "agent": 999, "threshold": 2, "requester_counts": false,
          "required_teams": [{"name": "security", "principals": ["carol"]}], "longest_timeout_seconds": 600, "longest_window_seconds": 7200,
          "break_glass": {"requester_counts": true, "longest_window_seconds": 900}
        }
        """;

    [Fact]
    public void A_policy_is_read_as_it_is_written()
    {
        var policy = RootPolicy.Read(Encoding.UTF8.GetBytes(Whole));
        Assert.Equal(("shop", "web-1", 999, 2, false), (policy.Fleet, policy.Host, policy.Agent, policy.Threshold, policy.RequesterCounts));
        Assert.Equal(new BreakGlassPolicy(true, 900), policy.BreakGlass);
    }

    public static TheoryData<string> Members => [.. JsonNode.Parse(Whole)!.AsObject().Select(m => m.Key)];

    [Theory]
    [MemberData(nameof(Members))]
    public void Nothing_about_root_has_a_default(string member)
    {
        Refused(policy => policy.Remove(member));
        Refused(policy => policy[member + "s"] = 1);
        if (member != "break_glass")
        {
            Refused(policy => policy[member] = null);
        }
    }

    [Theory]
    [InlineData("threshold", "0")]
    [InlineData("threshold", "-1")]
    [InlineData("agent", "0")]
    [InlineData("agent", "-1")]
    [InlineData("fleet_root_policy", "2")]
    [InlineData("fleet", "\"\"")]
    [InlineData("host", "\"\"")]
    [InlineData("labels", "{\"tier\": null}")]
    [InlineData("required_teams", "[null]")]
    [InlineData("required_teams", "[{\"name\": \"x\", \"principals\": []}]")]
    [InlineData("longest_timeout_seconds", "0")]
    [InlineData("longest_window_seconds", "0")]
    [InlineData("break_glass", "{\"requester_counts\": true, \"longest_window_seconds\": 0}")]
    public void What_would_let_anybody_in_or_means_nothing_is_refused(string member, string value) => Refused(policy => policy[member] = JsonNode.Parse(value));

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    public void What_is_no_object_is_no_policy(string text) => Assert.Throws<JsonException>(() => RootPolicy.Read(Encoding.UTF8.GetBytes(text)));

    private static void Refused(Action<JsonObject> change)
    {
        var policy = JsonNode.Parse(Whole)!.AsObject();
        change(policy);
        Assert.Throws<JsonException>(() => RootPolicy.Read(Encoding.UTF8.GetBytes(policy.ToJsonString())));
    }
}
