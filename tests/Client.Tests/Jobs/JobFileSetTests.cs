using Fleet.Client.Jobs;

namespace Fleet.Client.Tests.Jobs;

public class JobFileSetTests
{
    private const string Yaml = "processes:\n- {name: redis, executable: /a, args: [x, y], limits: {memory: 1G}}\n";

    [Theory]
    [InlineData("processes.redis.limits.memory", "2G")]
    [InlineData("processes[0].limits.memory", "2G")]
    public void A_value_is_replaced(string key, string value) => Assert.Equal(2L << 30, Set(key, value).Submission!.Spec.Processes[0].Limits.Memory);

    [Fact]
    public void An_item_of_a_list_is_replaced() => Assert.Equal("x z", string.Join(' ', Set("processes.redis.args[1]", "z").Submission!.Spec.Processes[0].Args));

    [Fact]
    public void Maps_that_are_missing_are_made() => Assert.Equal(6379, ((Fleet.Processes.HealthProbe.Tcp)Set("processes.redis.health.tcp.port", "6379").Submission!.Spec.Processes[0].Health!.Probe).Port);

    [Theory]
    [InlineData("processes.redis.limits.memory", "2", "--set processes.redis.limits.memory:1:1: processes[0].limits.memory: a memory limit is a number and a unit, such as 512M or 1.5G, and less than 8E; got '2'")]
    [InlineData("processes.redis.limit.memory", "2G", "--set processes.redis.limit.memory:1:1: processes[0].limit: unknown key 'limit'; did you mean 'limits'?")]
    [InlineData("processes.mysql.limits.memory", "2G", "--set processes.mysql.limits.memory:1:1: --set found nothing at 'mysql' of 'processes.mysql.limits.memory': there is a list at job.yml:2")]
    [InlineData("processes[7].name", "x", "--set processes[7].name:1:1: --set found nothing at '[7]' of 'processes[7].name': there is a list at job.yml:2")]
    [InlineData("processes.redis.name.x", "x", "--set processes.redis.name.x:1:1: --set found nothing at 'x' of 'processes.redis.name.x': there is 'redis' at job.yml:2")]
    [InlineData("..", "x", "--set ..:1:1: --set takes a path of keys, such as processes.redis.limits.memory=1G or processes[0].args[1]=x; got '..'")]
    [InlineData("", "x", "--set :1:1: --set takes a path of keys, such as processes.redis.limits.memory=1G or processes[0].args[1]=x; got ''")]
    public void A_wrong_set_is_told_as_such(string key, string value, string expected) => Assert.Equal(expected, string.Join('\n', Set(key, value).Mistakes));

    private static JobFileResult Set(string key, string value) =>
        Example.Read(Yaml, Example.Named with { Set = new Dictionary<string, string> { [key] = value } });
}
