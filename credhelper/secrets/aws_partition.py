"""AWS's partitions: separate clouds, recognized by the start of a region's name.

https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
"""

# The start of its regions' names, and the one whose STS answers where none is set.
_OTHERS = {
    "aws-cn": ("cn-", "cn-north-1"),
    "aws-us-gov": ("us-gov-", "us-gov-west-1"),
    "aws-iso": ("us-iso-", "us-iso-east-1"),
    "aws-iso-b": ("us-isob-", "us-isob-east-1"),
    "aws-iso-e": ("eu-isoe-", "eu-isoe-west-1"),
    "aws-iso-f": ("us-isof-", "us-isof-south-1"),
    "aws-eusc": ("eusc-", "eusc-de-east-1"),
}


def of_region(region: str) -> str:
    """Return the partition that a region is in, as ARNs write it."""
    return next((name for name, (start, _) in _OTHERS.items() if region.startswith(start)), "aws")


def home(partition: str) -> str:
    """Return the region of a partition that is asked where none is set."""
    return _OTHERS.get(partition, ("", "us-east-1"))[1]
