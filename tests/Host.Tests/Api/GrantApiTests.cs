using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Fleet.Client.Api;
using Fleet.Client.Tests.Grants;
using Fleet.Grants;
using Fleet.Host.Tests.Grants;

namespace Fleet.Host.Tests.Api;

public sealed class GrantApiTests : IAsyncLifetime
{
    private RunningApi api = null!;
    private string alice = "", bob = "", carol = "";

    public async Task InitializeAsync()
    {
        api = await RunningApi.Start();
        api.People.WritePolicy();
        (alice, bob, carol) = (await api.People.Join("alice"), await api.People.Join("bob", "ecdsa"), await api.People.Join("carol"));
    }

    public async Task DisposeAsync() => await api.DisposeAsync();

    [Fact]
    public async Task A_grant_is_asked_for_approved_by_two_and_active()
    {
        var document = Documents.Task();
        var asked = Read(await Request(document), ApiJson.Default.GrantChanged);
        Assert.Equal((true, "requested", 2), (asked.Changed, asked.Grant.State, asked.Grant.Missing));
        Assert.Equal(1, Changed(await Sign(document, "approve", bob)).Grant.Missing);
        Assert.False(Changed(await Sign(document, "approve", bob)).Changed);
        Assert.Equal("active", Changed(await Sign(document, "approve", carol)).Grant.State);
        var detail = Read(await api.Send(HttpMethod.Get, $"/v1/grants/{document.Id}"), ApiJson.Default.GrantDetail);
        Assert.Equal((Documents.Text(document), "alice", 0), (detail.Document, detail.Request.Principal, detail.Missing));
        Assert.Equal(["bob", "carol"], detail.Approvals.Select(a => a.Principal));
        Assert.All(detail.Approvals, a => Assert.StartsWith("-----BEGIN SSH SIGNATURE-----", a.Armored, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Who_asks_does_not_approve_and_a_strange_key_does_not_either()
    {
        var document = Documents.Task();
        await Request(document);
        Assert.Equal((403, ErrorCodes.Denied), Error(await Sign(document, "approve", alice)));
        Assert.Equal((403, ErrorCodes.Denied), Error(await Sign(document, "approve", await api.People.Key())));
        Assert.Equal((403, ErrorCodes.Denied), Error(await Sign(document, "approve", bob, SignatureNamespaces.Request)));
    }

    [Fact]
    public async Task What_is_refused_as_an_approval_is_in_the_record_with_the_reason_a_few_times()
    {
        var document = Documents.Task();
        await Request(document);
        await Sign(document, "approve", alice);
        await Sign(document, "approve", bob, SignatureNamespaces.Request);
        var stranger = await api.People.Key();
        for (var i = 0; i < Grant.MostRefusedApprovals; i++)
        {
            Assert.Equal((403, ErrorCodes.Denied), Error(await Sign(document, "approve", stranger)));
        }

        Assert.Equal((400, ErrorCodes.Invalid), Error(await api.Send(HttpMethod.Post, $"/v1/grants/{document.Id}/approve", """{"signature":"yes"}""")));
        var refused = api.Granted.OfType<GrantEvent.ApprovalRefused>().Select(e => e.Why).ToList();
        Assert.Equal(Grant.MostRefusedApprovals, refused.Count);
        Assert.Contains("alice asked for it, and who asks does not approve", refused[0], StringComparison.Ordinal);
        Assert.Contains("and this wants one for 'fleet-grant'", refused[1], StringComparison.Ordinal);
        Assert.Matches("^key SHA256:.* is nobody's in .*; more of them are not recorded$", refused[^1]);
        Assert.Equal(1, Changed(await Sign(document, "approve", bob)).Grant.Missing);
    }

    [Fact]
    public async Task A_request_is_signed_by_whom_it_names()
    {
        var refused = await Request(Documents.Task(), bob);
        Assert.Equal((403, ErrorCodes.Denied), Error(refused));
        Assert.Contains("names alice and is signed by bob", refused.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_policy_never_allows_is_refused_with_every_reason()
    {
        var document = Documents.Task();
        var refused = await Request(document with { Fleet = "bank", NotAfter = document.NotBefore.AddDays(2), RootTask = document.RootTask! with { TimeoutSeconds = 601 } });
        Assert.Equal(403, refused.Status);
        Assert.Equal(["fleet", "not_after", "root_task.timeout_seconds"], Read(refused, ApiJson.Default.ErrorReply).Error.Details.Select(d => d.Path));
    }

    [Fact]
    public async Task Break_glass_needs_one_and_where_the_policy_has_none_there_is_none()
    {
        var document = Documents.Task() with { BreakGlass = true };
        await Request(document);
        Assert.Equal("active", Changed(await Sign(document, "approve", alice)).Grant.State);
        api.People.WritePolicy(breakGlass: "null");
        var refused = await Request(Documents.Task() with { BreakGlass = true });
        Assert.Contains("has no break_glass; ask for an ordinary grant", refused.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Used_break_glass_is_in_every_list_until_somebody_else_has_reviewed_it()
    {
        var document = Documents.Task() with { BreakGlass = true };
        await Request(document);
        await Sign(document, "approve", alice);
        Assert.Equal((409, ErrorCodes.Conflict), Error(await Sign(document, "review", bob, SignatureNamespaces.Review)));
        await Reason(document, "revoke", "done");
        Assert.Equal("due", Assert.Single(await List("?state=pending")).Review);
        Assert.Equal((403, ErrorCodes.Denied), Error(await Sign(document, "review", alice, SignatureNamespaces.Review)));
        Assert.Equal("done", Changed(await Sign(document, "review", bob, SignatureNamespaces.Review)).Grant.Review);
        Assert.Empty(await List("?state=pending"));
    }

    [Fact]
    public async Task Grants_are_listed_by_where_they_stand()
    {
        var (denied, pending, active) = (Documents.Task(), Documents.Task(), Documents.Task());
        foreach (var document in new[] { denied, pending, active })
        {
            await Request(document);
        }

        await Reason(denied, "deny", "no need");
        await Sign(active, "approve", bob);
        await Sign(active, "approve", carol);
        Assert.Equal([pending.Id.Text], (await List("?state=pending")).Select(g => g.Id));
        Assert.Equal([active.Id.Text], (await List("?state=active")).Select(g => g.Id));
        Assert.Equal(2, (await List("")).Length);
        Assert.Equal(["denied", "requested", "active"], (await List("?state=all")).Select(g => g.State));
        Assert.Equal((400, ErrorCodes.Invalid), Error(await api.Send(HttpMethod.Get, "/v1/grants?state=old")));
    }

    [Theory]
    [InlineData("deny", "denied")]
    [InlineData("revoke", "revoked")]
    public async Task It_is_ended_with_a_reason_and_not_without(string verb, string state)
    {
        var document = Documents.Task();
        await Request(document);
        Assert.Equal((400, ErrorCodes.Invalid), Error(await Reason(document, verb, " ")));
        var ended = Changed(await Reason(document, verb, "no need"));
        Assert.Equal((state, "no need"), (ended.Grant.State, ended.Grant.Why));
        Assert.Equal((409, ErrorCodes.Conflict), Error(await Sign(document, "approve", bob)));
    }

    [Fact]
    public async Task A_document_that_breaks_a_rule_is_refused_by_it()
    {
        var document = Documents.Task();
        var refused = await Request(document with { Privileges = Privileges.PrivilegeSet.Baseline });
        Assert.Equal((400, ErrorCodes.Invalid), Error(refused));
        Assert.Contains("asks for run_as_root", refused.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("g-0000000000000000", 404, ErrorCodes.NotFound)]
    [InlineData("g-1", 400, ErrorCodes.Invalid)]
    public async Task A_grant_that_is_not_there_is_not_found(string id, int status, string code)
    {
        Assert.Equal((status, code), Error(await api.Send(HttpMethod.Get, $"/v1/grants/{id}")));
        Assert.Equal((status, code), Error(await api.Send(HttpMethod.Post, $"/v1/grants/{id}/approve", """{"signature":"x"}""")));
    }

    [Fact]
    public async Task The_policy_tells_whoever_writes_a_grant_what_to_write()
    {
        var policy = Read(await api.Send(HttpMethod.Get, "/v1/root/policy"), ApiJson.Default.RootPolicyInfo);
        Assert.Equal(("shop", "host-1", 2, false, 600, 86400), (policy.Fleet, policy.Host, policy.Threshold, policy.RequesterCounts, policy.LongestTimeoutSeconds, policy.LongestWindowSeconds));
        Assert.Equal(new BreakGlassInfo(true, 3600), policy.BreakGlass);
        Assert.Equal(["alice", "bob", "carol"], policy.Signers.Select(s => s.Principal));
    }

    [Theory]
    [InlineData(null, "there is no ")]
    [InlineData("{}", "is no policy, so nobody is granted anything")]
    public async Task Without_a_policy_nobody_is_granted_anything(string? policy, string says)
    {
        File.Delete($"{api.People.Folder}/policy.json");
        if (policy is not null)
        {
            await File.WriteAllTextAsync($"{api.People.Folder}/policy.json", policy);
        }

        var refused = await Request(Documents.Task());
        Assert.Equal((403, ErrorCodes.Denied), Error(refused));
        Assert.Contains(says, refused.Body, StringComparison.Ordinal);
        Assert.Contains("docs/root.md", refused.Body, StringComparison.Ordinal);
    }

    private async Task<(int Status, string Body)> Request(GrantDocument document, string? key = null)
    {
        var text = Documents.Text(document);
        var request = new GrantRequest(text, await People.Sign(key ?? alice, SignatureNamespaces.Request, text));
        return await api.Send(HttpMethod.Post, "/v1/grants", JsonSerializer.Serialize(request, ApiJson.Default.GrantRequest));
    }

    private async Task<(int Status, string Body)> Sign(GrantDocument document, string verb, string key, string purpose = SignatureNamespaces.Grant)
    {
        var request = new SignatureRequest(await People.Sign(key, purpose, Documents.Text(document)));
        return await api.Send(HttpMethod.Post, $"/v1/grants/{document.Id}/{verb}", JsonSerializer.Serialize(request, ApiJson.Default.SignatureRequest));
    }

    private Task<(int Status, string Body)> Reason(GrantDocument document, string verb, string reason) =>
        api.Send(HttpMethod.Post, $"/v1/grants/{document.Id}/{verb}", JsonSerializer.Serialize(new ReasonRequest(reason), ApiJson.Default.ReasonRequest));

    private async Task<GrantSummary[]> List(string query) => Read(await api.Send(HttpMethod.Get, $"/v1/grants{query}"), ApiJson.Default.GrantList).Grants;

    private static GrantChanged Changed((int Status, string Body) reply) => Read(reply, ApiJson.Default.GrantChanged);

    private static (int Status, string Code) Error((int Status, string Body) reply) => (reply.Status, Read(reply, ApiJson.Default.ErrorReply).Error.Code);

    private static T Read<T>((int Status, string Body) reply, JsonTypeInfo<T> json) => JsonSerializer.Deserialize(reply.Body, json)!;
}
