using Akka.Actor;
using Akka.Serialization;

namespace Fleet.Actors.Ledger;

/// <summary>Bytes, the number of their format and their stored name, by Akka's serializers; of those only such as name what they write.</summary>
internal sealed class StoredForm(ActorSystem system)
{
    private readonly Serialization serialization = system.Serialization;

    /// <exception cref="ArgumentException">It is nothing that is stored.</exception>
    public (byte[] Bytes, int Id, string Manifest) Write(object value) => serialization.FindSerializerFor(value) is SerializerWithStringManifest serializer
        ? (serializer.ToBinary(value), serializer.Identifier, serializer.Manifest(value))
        : throw new ArgumentException($"{value.GetType()} is never stored");

    public object Read(byte[] bytes, int id, string manifest) => serialization.Deserialize(bytes, id, manifest);
}
