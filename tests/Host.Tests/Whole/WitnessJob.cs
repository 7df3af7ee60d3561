namespace Fleet.Host.Tests.Whole;

/// <summary>
/// A job of one program that writes down each of its starts on its own disk, and holds a lock as long as anything of it lives: should it ever live twice,
/// the second says so.
/// </summary>
public sealed record WitnessJob(string Name, params string[] Processes)
{
    /// <summary>Shell: what the program does after it has signed.</summary>
    public string Then { get; init; } = "exec sleep 3600";

    /// <summary>What each start writes down.</summary>
    public string Sign { get; init; } = "started";

    public string Yaml => $"job: {Name}\nprocesses:\n" + string.Concat(Processes.Select(Process));

    public string[] Starts(WholeHost host, string process) => Lines(host, $"{process}.starts");

    public bool EverTwice(WholeHost host) => Processes.Any(p => Lines(host, $"{p}.twice").Length > 0);

    private string Process(string process) => $$"""
        - name: {{process}}
          executable: /bin/sh
          args: [-c, 'cd /var/vcap/data/{{Name}}; exec 9>>{{process}}.lock; flock -n 9 || echo twice >>{{process}}.twice; echo "$SIGN" >>{{process}}.starts; {{Then}}']
          ephemeral_disk: true
          env: {SIGN: "{{Sign}}"}
          restart: {initial: 100ms, max: 200ms}

        """;

    private string[] Lines(WholeHost host, string file)
    {
        var path = $"{host.Paths.Data(Fleet.Jobs.JobId.Parse(Name))}/{file}";
        return File.Exists(path) ? File.ReadAllLines(path) : [];
    }
}
