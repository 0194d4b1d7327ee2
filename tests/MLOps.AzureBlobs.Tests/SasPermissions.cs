using Azure.Storage.Sas;

namespace MLOps.AzureBlobs.Tests;

internal static class SasPermissions
{
    public static AccountSasBuilder With(this AccountSasBuilder sas, string permissions)
    {
        sas.SetPermissions(permissions);
        return sas;
    }
}
