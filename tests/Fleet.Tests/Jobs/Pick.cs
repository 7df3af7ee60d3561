using CsCheck;

namespace Fleet.Tests.Jobs;

internal static class Pick
{
    /// <summary>Any one of the values, each as likely.</summary>
    public static Gen<T> Of<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);
}
