using System.Collections.Immutable;
using Fleet.Privileges;
using Fleet.Processes;

namespace Fleet.Client.Jobs;

/// <summary>One item of <c>processes</c>. What BPM's parser makes of a value is said in docs/job-file.md.</summary>
internal sealed class ProcessFields(CarriedContents contents)
{
    public ProcessSpec Read(Field process)
    {
        if (!process.IsSet)
        {
            process.Wrong("a process is a map with a name and an executable; got nothing (null)");
        }

        var keys = process.Keys(JobFileKeys.Process);
        return new ProcessSpec
        {
            Name = keys["name"].Text() ?? "",
            Executable = keys["executable"].Text() ?? "",
            Args = keys["args"].Texts(),
            Env = Env(keys["env"]),
            Workdir = NotEmpty(keys["workdir"].Text()),
            Hooks = new Hooks(NotEmpty(keys["hooks"].Keys(JobFileKeys.Hooks)["pre_start"].Text())),
            Capabilities = [.. keys["capabilities"].Texts().Select(name => CapabilityNames.Find(name) ?? name)],
            Limits = LimitFields.Read(keys["limits"]),
            EphemeralDisk = keys["ephemeral_disk"].Flag(),
            PersistentDisk = keys["persistent_disk"].Flag(),
            AdditionalVolumes = [.. keys["additional_volumes"].Items().Select(Volume)],
            Unsafe = Unsafe(keys["unsafe"]),
            ShutdownSignal = Signal(keys["shutdown_signal"]),
            Restart = SupervisionFields.Restart(keys["restart"]),
            Health = SupervisionFields.Health(keys["health"]),
            Stop = SupervisionFields.Stop(keys["stop"]),
            User = UserFields.Read(keys["user"]),
            Privileges = [.. keys["privileges"].Items().Select(Privilege).OfType<Privilege>()],
        };
    }

    private ImmutableSortedDictionary<string, EnvValue> Env(Field env) =>
        env.Entries().ToImmutableSortedDictionary(e => e.Key, e => EnvValue(e.Value.Value), StringComparer.Ordinal);

    private EnvValue EnvValue(Field value)
    {
        if (!value.IsMap)
        {
            return new EnvValue.Plain(value.Text() ?? "");
        }

        var secret = value.Keys(JobFileKeys.Secret)["secret"];
        if (!secret.IsSet)
        {
            secret.Wrong("an env value is text, or a map with the text under secret");
        }

        return new EnvValue.Secret(contents.Keep(secret.Text() ?? ""));
    }

    private static Volume Volume(Field volume)
    {
        var keys = volume.Keys(JobFileKeys.Volume);
        return new Volume(
            keys["path"].Text() ?? "", keys["writable"].Flag(), keys["allow_executions"].Flag(), keys["mount_only"].Flag(), keys["shared"].Flag());
    }

    private static Unsafe Unsafe(Field @unsafe)
    {
        var keys = @unsafe.Keys(JobFileKeys.Unsafe);
        return new Unsafe(keys["privileged"].Flag(), [.. keys["unrestricted_volumes"].Items().Select(HostVolume)], keys["host_pid_namespace"].Flag());
    }

    // BPM mounts '/var/log/' as well as '/var/log'; a grant names the path, so it has one spelling.
    private static Volume HostVolume(Field volume)
    {
        var read = Volume(volume);
        return read.Path.Length > 1 && read.Path.EndsWith('/') ? read with { Path = read.Path.TrimEnd('/') is { Length: > 0 } path ? path : "/" } : read;
    }

    private static ShutdownSignal Signal(Field signal)
    {
        switch (signal.Text())
        {
            case "INT":
                return ShutdownSignal.Int;
            case null or "" or "TERM":
                return ShutdownSignal.Term;
            case var other:
                signal.Wrong($"the shutdown signal is TERM or INT (others: write a ladder under stop); got '{other}'");
                return ShutdownSignal.Term;
        }
    }

    private static Privilege? Privilege(Field text)
    {
        if (PrivilegeText.TryParse(text.Text(), out var privilege))
        {
            return privilege;
        }

        text.Wrong($"'{text.Text()}' is not a privilege{NearestWord.Hint(text.Text() ?? "", [.. PrivilegeText.Forms])}");
        return null;
    }

    private static string? NotEmpty(string? text) => text is "" ? null : text;
}
