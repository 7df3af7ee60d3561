using System.Collections.Immutable;
using Fleet.Client.Api;
using Fleet.Client.Cli;
using Fleet.Client.Tests.Grants;
using Fleet.Grants;
using Fleet.Jobs;
using Fleet.Privileges;

namespace Fleet.Client.Tests.Cli;

public sealed class GrantTextTests
{
    [Fact]
    public void No_two_arguments_look_alike_and_none_drives_the_terminal()
    {
        var task = Documents.Task().RootTask! with { Argv = ["/bin/echo", "a ", "\u001b[2J", "\\u001b", "\"", "x\ny"], Workdir = "/srv " };
        var lines = GrantText.Document(Documents.Task() with { RootTask = task }).Split('\n');
        var runs = lines.SkipWhile(l => !l.StartsWith("runs", StringComparison.Ordinal)).TakeWhile(l => !l.StartsWith("program", StringComparison.Ordinal)).Select(l => l[14..]);
        Assert.Equal(["\"/bin/echo\"", "\"a \"", "\"\\u001b[2J\"", "\"\\\\u001b\"", "\"\\\"\"", "\"x\\u000ay\""], runs);
        Assert.Contains("in            \"/srv \"", lines);
    }

    [Fact]
    public void Every_privilege_that_can_be_written_has_a_meaning()
    {
        Privilege[] all = [.. PrivilegeText.Forms.Select(form => form switch
        {
            "capability:NAME" => "capability:NET_ADMIN",
            "device:PATH[:rw]" => "device:/dev/sda:rw",
            "unrestricted_volume:PATH[:rw][,exec]" => "unrestricted_volume:/srv:rw,exec",
            _ => form,
        }).Select(text => PrivilegeText.TryParse(text, out var privilege) ? privilege : throw new FormatException(text))];
        Assert.True(all.Length >= 12);
        Assert.Equal(all.Length, all.Select(PrivilegeMeaning.Of).Distinct().Count());
    }

    [Fact]
    public void A_grant_for_a_job_says_what_becomes_of_it_at_the_end()
    {
        var document = Documents.Task() with { RootTask = null, PrivilegedJob = new PrivilegedJob(JobId.Parse("net/silk"), Digest.Of("job"), AtEnd.KeepRunning) };
        var text = GrantText.Document(document);
        Assert.Contains($"runs          job net/silk with the content {Digest.Of("job")}", text, StringComparison.Ordinal);
        Assert.Contains("the job's processes go on, and are not started again", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Labels_choose_every_host_that_has_them_all()
    {
        var labels = ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, [KeyValuePair.Create("role", "web"), KeyValuePair.Create("zone", "a")]);
        Assert.Contains("on            every host with role=web,zone=a\n", GrantText.Document(Documents.Task() with { Hosts = new HostSelector([], labels) }), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("expired", null, "due", "expired; somebody who neither asked nor approved has to review it")]
    [InlineData("revoked", "done\u001b", "done", "revoked: done\\u001b; reviewed")]
    [InlineData("lapsed", null, "not_needed", "lapsed")]
    [InlineData("used", null, "due", "used; somebody who neither asked nor approved has to review it")]
    public void What_became_of_it_is_said_with_why_and_what_is_still_to_do(string state, string? why, string review, string says)
    {
        var by = new SignatureInfo("alice", "SHA256:a", "");
        var grant = new GrantDetail("g-0000000000000000", state, why, 2, false, 0, review, default, default, by, [], [new GrantUseInfo("web-1", 1, "lost", default, default)], "");
        var text = GrantText.Standing(grant);
        Assert.StartsWith($"state         {says}\n", text, StringComparison.Ordinal);
        Assert.Contains("uses          web-1 has used it 1 time\n              web-1 use 1: lost 0001-01-01 ", text, StringComparison.Ordinal);
        Assert.Equal(review == "due", text.Contains("ssh-keygen -Y sign -n fleet-review", StringComparison.Ordinal));
    }

    [Fact]
    public void Uses_are_counted_by_host_and_told_with_their_times_and_a_refused_one_is_none()
    {
        var (at, by) = (new DateTimeOffset(2026, 11, 26, 12, 0, 0, TimeSpan.Zero), new SignatureInfo("alice", "SHA256:a", ""));
        GrantUseInfo[] uses = [new("web-1", 1, "ended", at, at.AddMinutes(1)), new("web-1", 2, "lost", at, at.AddMinutes(2)), new("web-2", 1, "refused", at, at), new("web-2", 2, "begun", at, at)];
        var lines = GrantText.Standing(new GrantDetail("g-0000000000000000", "active", null, 2, false, 0, "not_needed", default, default, by, [], uses, "")).Split('\n');
        string When(int minute) => Session.Time(at.AddMinutes(minute));
        Assert.Equal(
            [
                "uses          web-1 has used it 2 times", $"              web-1 use 1: ended {When(1)}, begun {When(0)}", $"              web-1 use 2: lost {When(2)}, begun {When(0)}",
                $"              web-2 use 1: refused {When(0)}, begun {When(0)}", $"              web-2 use 2: begun {When(0)}", "",
            ],
            lines.SkipWhile(line => !line.StartsWith("uses", StringComparison.Ordinal)));
    }
}
