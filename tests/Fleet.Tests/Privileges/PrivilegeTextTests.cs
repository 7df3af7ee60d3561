using System.Text.Json;
using CsCheck;
using Fleet.Privileges;

namespace Fleet.Tests.Privileges;

public class PrivilegeTextTests
{
    [Fact]
    public void A_privilege_is_read_back_from_its_text() =>
        PrivilegeSetTests.Any.Sample(privilege => PrivilegeText.TryParse(privilege.ToString(), out var read) && read == privilege);

    [Fact]
    public void A_privilege_is_read_back_from_the_JSON_of_a_process() => PrivilegeSetTests.Any.Array[0, 5].Sample(privileges =>
    {
        var json = JsonSerializer.Serialize(Jobs.Sample.Process with { Privileges = [.. privileges] }, FleetJson.Default.ProcessSpec);
        return JsonSerializer.Deserialize(json, FleetJson.Default.ProcessSpec)!.Privileges.SequenceEqual(privileges);
    });

    [Theory]
    [InlineData("capability:net_admin", "capability:NET_ADMIN")]
    [InlineData("capability:CAP_KILL", "capability:KILL")]
    [InlineData("unrestricted_volume:/srv", "unrestricted_volume:/srv:ro")]
    [InlineData("unrestricted_volume:/a:b:rw", "unrestricted_volume:/a:b:rw")]
    [InlineData("device:/dev/fuse", "device:/dev/fuse:ro")]
    [InlineData("device:/dev/fuse:rw", "device:/dev/fuse:rw")]
    [InlineData("host_network", "host_network")]
    [InlineData("unconfined", "unconfined")]
    public void What_people_write_has_one_spelling(string written, string spelt) => Assert.Equal(spelt, PrivilegeText.TryParse(written, out var p) ? p.ToString() : null);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("root")]
    [InlineData("RUN_AS_ROOT")]
    [InlineData("run_as_root ")]
    [InlineData("capability:")]
    [InlineData("capability:FOO")]
    [InlineData("unrestricted_volume:srv")]
    [InlineData("device:fuse")]
    [InlineData("device:/dev/fuse:rw,exec")]
    [InlineData("unrestricted_volume:/srv:rx")]
    public void Anything_else_is_no_privilege(string? text) => Assert.False(PrivilegeText.TryParse(text, out _));
}
