using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fleet.Privileges;

/// <summary>A privilege as text, both ways: the one spelling used in job files, events, JSON and on the terminal.</summary>
public static class PrivilegeText
{
    private static readonly Privilege[] Plain =
    [
        new Privilege.RunAsRoot(), new Privilege.NoSeccomp(), new Privilege.NewPrivileges(), new Privilege.SuidMounts(),
        new Privilege.UnmaskedPaths(), new Privilege.HostPidNamespace(), new Privilege.RootPreStart(),
        new Privilege.HostNetwork(), new Privilege.Unconfined(),
    ];

    /// <summary>The forms a person may write, for help and nearest-word hints.</summary>
    public static IEnumerable<string> Forms => Plain.Select(Format).Concat(["capability:NAME", "device:PATH[:rw]", "unrestricted_volume:PATH[:rw][,exec]"]);

    public static string Format(Privilege privilege) => privilege switch
    {
        Privilege.RunAsRoot => "run_as_root",
        Privilege.Capability c => $"capability:{c.Name}",
        Privilege.NoSeccomp => "no_seccomp",
        Privilege.NewPrivileges => "new_privileges",
        Privilege.SuidMounts => "suid_mounts",
        Privilege.UnmaskedPaths => "unmasked_paths",
        Privilege.HostPidNamespace => "host_pid_namespace",
        Privilege.RootPreStart => "root_pre_start",
        Privilege.HostNetwork => "host_network",
        Privilege.Unconfined => "unconfined",
        Privilege.Device d => $"device:{d.Path}:{(d.Writable ? "rw" : "ro")}",
        Privilege.UnrestrictedVolume v => $"unrestricted_volume:{v.Path}:{(v.Writable ? "rw" : "ro")}{(v.AllowExecutions ? ",exec" : "")}",
        _ => throw new UnreachableException($"no text for {privilege.GetType()}"),
    };

    public static bool TryParse(string? text, [NotNullWhen(true)] out Privilege? privilege)
    {
        privilege = Plain.FirstOrDefault(p => Format(p) == text) ?? Capability(text) ?? Device(text) ?? Volume(text);
        return privilege is not null;
    }

    private static Privilege? Capability(string? text) =>
        After(text, "capability:") is { } name && CapabilityNames.Find(name) is { } known ? new Privilege.Capability(known) : null;

    private static Privilege? Device(string? text) => PathAndOptions(text, "device:") switch
    {
        (var path, "ro") => new Privilege.Device(path, false),
        (var path, "rw") => new Privilege.Device(path, true),
        _ => null,
    };

    private static Privilege? Volume(string? text)
    {
        if (PathAndOptions(text, "unrestricted_volume:") is not (var path, var options))
        {
            return null;
        }

        return options switch
        {
            "ro" => new Privilege.UnrestrictedVolume(path, false, false),
            "rw" => new Privilege.UnrestrictedVolume(path, true, false),
            "ro,exec" => new Privilege.UnrestrictedVolume(path, false, true),
            "rw,exec" => new Privilege.UnrestrictedVolume(path, true, true),
            _ => null,
        };
    }

    private static (string Path, string Options)? PathAndOptions(string? text, string prefix)
    {
        if (After(text, prefix) is not ['/', ..] rest)
        {
            return null;
        }

        var colon = rest.LastIndexOf(':');
        return colon < 0 ? (rest, "ro") : (rest[..colon], rest[(colon + 1)..]);
    }

    private static string? After(string? text, string prefix) =>
        text?.StartsWith(prefix, StringComparison.Ordinal) == true ? text[prefix.Length..] : null;
}

public sealed class PrivilegeConverter : JsonConverter<Privilege>
{
    /// <exception cref="JsonException">The text names no privilege.</exception>
    public override Privilege Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var text = reader.GetString();
        return PrivilegeText.TryParse(text, out var privilege) ? privilege : throw new JsonException($"'{text}' is not a privilege");
    }

    public override void Write(Utf8JsonWriter writer, Privilege value, JsonSerializerOptions options) =>
        writer.WriteStringValue(PrivilegeText.Format(value));
}
