using System.Collections.Immutable;
using Fleet.Grants;

namespace Fleet.Tests.Grants;

public class HostSelectorTests
{
    private static readonly ImmutableSortedDictionary<string, string> Web = Labels(("tier", "web"), ("zone", "a"));

    [Fact]
    public void A_name_selects_that_host_alone()
    {
        Assert.True(HostSelector.Of("web-1", "web-2").Selects("web-2", Web));
        Assert.False(HostSelector.Of("web-1").Selects("web-10", Web));
        Assert.False(HostSelector.Of("web-1").Selects("WEB-1", Web));
    }

    [Fact]
    public void Labels_select_a_host_that_has_all_of_them()
    {
        Assert.True(new HostSelector([], Labels(("tier", "web"))).Selects("x", Web));
        Assert.False(new HostSelector([], Labels(("tier", "web"), ("zone", "b"))).Selects("x", Web));
        Assert.False(new HostSelector([], Labels(("tier", "web"), ("rack", "1"))).Selects("x", Web));
    }

    [Fact]
    public void Neither_or_both_select_no_host()
    {
        Assert.False(HostSelector.Of().Selects("web-1", Web));
        Assert.False((HostSelector.Of("web-1") with { Labels = Web }).Selects("web-1", Web));
    }

    private static ImmutableSortedDictionary<string, string> Labels(params ReadOnlySpan<(string Key, string Value)> labels)
    {
        var all = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in labels)
        {
            all.Add(key, value);
        }

        return all.ToImmutable();
    }
}
