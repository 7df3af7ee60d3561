using System.Diagnostics;
using System.Globalization;
using Fleet.Privileges;
using Fleet.RootTasks;
using Xunit.Abstractions;
using static Fleet.RootHelper.Tests.HelperHost;

namespace Fleet.RootHelper.Tests;

/// <summary>The helper is killed at any moment: no root process stays behind, and nothing has run whose use is not burnt and whose start is not in the log.</summary>
public sealed class KillTests(Keys keys, ITestOutputHelper output) : IClassFixture<Keys>, IDisposable
{
    private readonly HelperHost host = new(keys);

    public void Dispose() => host.Dispose();

    public static TheoryData<string, bool> Cases => new() { { "container", false }, { "container", true }, { "host pids", false }, { "unconfined", false } };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Whenever_it_is_killed_nothing_is_left_and_nothing_ran_unrecorded(string kind, bool listenerToo)
    {
        var marks = Directory.CreateDirectory($"{host.Prefix}/marks").FullName;
        var random = new Random(20261126);
        var (rounds, executed, whole) = (listenerToo ? 10 : 25, 0, TimeOfOne());
        for (var round = 0; round < rounds; round++)
        {
            var marker = Leftovers.Marker();
            var grant = Grant("/bin/sh", "-c", $"touch {marks}/{round}; (setsid sleep {marker} >/dev/null 2>&1 &) ; sleep {marker}") with { Privileges = Set(kind, marks) };
            using (host.Begin(host.Signed(grant, "bob")))
            {
                Thread.Sleep(random.Next(0, (int)(1.5 * whole.TotalMilliseconds)));
                var helpers = host.Helpers();
                if (listenerToo)
                {
                    host.KillListener();
                }

                Kill(helpers);
                if (listenerToo)
                {
                    Leftovers.AssertGone(marker);
                    host.Start();
                }
            }

            host.AwaitNoHelper();
            Leftovers.AssertGone(marker);
            var ran = File.Exists($"{marks}/{round}");
            executed += ran ? 1 : 0;
            Assert.True(!ran || File.Exists($"{host.State}/uses/{grant.Id}.1"), "something ran whose use is not burnt");
            Assert.True(!ran || host.Log().Any(e => e.Grant == grant.Id && e.What == RootAct.Starting), "something ran whose start is not in the log");
            Leftovers.AssertNoMount(host.Prefix);
        }

        output.WriteLine($"{executed} of {rounds} tasks ran before their helper was killed");
        Assert.InRange(executed, 1, rounds - 1);
        host.AssertUnharmed();
        Assert.All(host.Log().Where(e => e.What == RootAct.Starting), started => Assert.Contains(host.Log(), e => e.Grant == started.Grant && e.What is RootAct.Ended or RootAct.Lost));
        Leftovers.Await(() => Directory.GetFiles($"{host.State}/running").Length == 0, "something is still said to run");
    }

    // A busy machine takes longer to every step at which the helper is to be killed.
    private TimeSpan TimeOfOne()
    {
        host.Run(Grant("/bin/true"));
        var clock = Stopwatch.StartNew();
        host.Run(Grant("/bin/true"));
        return clock.Elapsed;
    }

    private static PrivilegeSet Set(string kind, string marks) => new([new Privilege.RunAsRoot(), .. kind switch
    {
        "container" => (Privilege[])[new Privilege.UnrestrictedVolume(marks, true, false)],
        "host pids" => [new Privilege.UnrestrictedVolume(marks, true, false), new Privilege.HostPidNamespace()],
        _ => [new Privilege.Unconfined()],
    }]);
}
