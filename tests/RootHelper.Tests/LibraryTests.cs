using System.Text.RegularExpressions;
using static Fleet.RootHelper.Tests.HelperHost;

namespace Fleet.RootHelper.Tests;

/// <summary>What code is in the process that is root.</summary>
public sealed class LibraryTests(Keys keys) : IClassFixture<Keys>, IDisposable
{
    private readonly HelperHost host = new(keys);

    public void Dispose() => host.Dispose();

    [Fact]
    public void A_helper_that_has_verified_hashed_and_started_a_task_has_loaded_the_C_library_alone()
    {
        var marker = Leftovers.Marker();
        using var socket = host.Begin(host.Signed(Grant("/bin/sleep", marker), "bob"));
        Leftovers.AwaitProcess(marker);
        var helper = Assert.Single(host.Helpers());

        var libraries = Regex.Matches(File.ReadAllText($"/proc/{helper}/maps"), @"/([^/\n]+)\.so[.\d]*$", RegexOptions.Multiline).Select(m => m.Groups[1].Value).Distinct();

        Assert.Equal(["ld-linux", "libc", "libm"], libraries.Select(name => name.StartsWith("ld-linux", StringComparison.Ordinal) ? "ld-linux" : name).Order(StringComparer.Ordinal));
    }
}
