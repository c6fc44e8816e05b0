"""The passwords and words that attackers try first, as far as they can matter with a minimum of 15 characters.

Gathered by hand from what is commonly known of leaked lists; lower case. Shorter ones need no list: length refuses
them.
"""

from __future__ import annotations

COMMON_PASSWORDS = frozenset(
    """
    passwordpassword password12345678 password123456789 passw0rdpassw0rd mypasswordispassword thisismypassword
    thisisapassword thisisapassword1 correcthorsebatterystaple correct-horse-battery-staple
    correct horse battery staple tobeornottobe12 qwertyuiopasdfghjkl qwertyuiopasdfg qwertyuiop12345
    qwertyuiop123456 qwertyuiop123456789 qwertyuiopasdfghjklzxcvbnm qwertyqwertyqwerty 1q2w3e4r5t6y7u8i
    1q2w3e4r5t6y7u8i9o 1q2w3e4r5t6y7u8i9o0p 1qaz2wsx3edc4rfv 1qaz2wsx3edc4rfv5tgb zaq12wsxcde34rfv
    !qaz2wsx3edc4rfv asdfghjklqwerty asdfghjkl123456 zxcvbnmasdfghjkl q1w2e3r4t5y6u7i8 qazwsxedcrfvtgb
    qazwsxedcrfvtgbyhn qazwsxedcrfvtgbyhnujm 123456789123456 1234567890123456 123456789012345 12345678901234567890
    1234567890qwerty 1234567890qwertyuiop 123456789qwertyuiop 123456789abcdef 0123456789abcdef abcdefghijklmno
    abcdefghijklmnop abcdefghijklmnopqrstuvwxyz abc123abc123abc abcd1234abcd1234 a1b2c3d4e5f6g7h8 a1s2d3f4g5h6j7k8
    iloveyouiloveyou iloveyousomuch1 iloveyouforever iloveyouforever1 letmeinletmeinletmein letmeinplease123
    administrator123 administrator1234 administrator12345 adminadminadmin administratoradministrator rootrootrootroot
    welcomewelcome1 welcometotheworld changemechangeme changemenow12345 changeitchangeit defaultpassword
    defaultpassword1 temporarypassword temporarypassword1 supersecretpassword supersecretpassword1
    mysecretpassword mysecretpassword1 secretpassword1 verysecretpassword verystrongpassword strongpassword1
    strongpassword123 securepassword1 securepassword123 superstrongpassword nopasswordneeded incorrectpassword
    theincorrectpassword passwordincorrect yourpasswordhere yourpassword1234 enteryourpassword testtesttesttest
    testpassword123 testpassword1234 examplepassword examplepassword1 samplepassword1 demopassword123
    letmeinletmein1 trustno1trustno1 monkeymonkeymonkey dragondragondragon sunshinesunshine princessprincess
    footballfootball baseballbaseball supermansuperman1 starwarsstarwars whateverwhatever computercomputer
    internetinternet michaelmichael1 jenniferjennifer liverpoolliverpool manchesterunited manchesterunited1
    chelseachelsea1 cricketcricket1 sachintendulkar sachintendulkar1 indiaindiaindia jaishreeram12345
    jaishreeramjaishreeram jaimatadi123456 hanumanhanuman1 ganeshganesh123 krishnakrishna1 omnamahshivaya
    omnamahshivaya1 omsairamomsairam radheradheradhe bismillahbismillah inshallah1234567 hindustanhindustan
    bharatmatakijai tradingpassword tradingpassword1 stockmarket12345 nationalstockexchange bombaystockexchange
    """.replace("correct horse battery staple", "").split()
) | {"correct horse battery staple", "the quick brown fox", "to be or not to be"}

COMMON_WORDS = frozenset(
    [
        "password",
        "passwort",
        "passwd",
        "pass",
        "passwords",
        "admin",
        "administrator",
        "root",
        "user",
        "guest",
        "login",
        "letmein",
        "welcome",
        "secret",
        "default",
        "changeme",
        "change",
        "master",
        "qwerty",
        "iloveyou",
        "love",
        "lovely",
        "monkey",
        "dragon",
        "football",
        "baseball",
        "cricket",
        "hockey",
        "soccer",
        "superman",
        "batman",
        "starwars",
        "pokemon",
        "sunshine",
        "princess",
        "shadow",
        "ashley",
        "michael",
        "jordan",
        "jennifer",
        "jessica",
        "daniel",
        "thomas",
        "charlie",
        "robert",
        "andrew",
        "joshua",
        "matthew",
        "anthony",
        "hunter",
        "hunting",
        "ranger",
        "buster",
        "killer",
        "soldier",
        "george",
        "harley",
        "summer",
        "winter",
        "spring",
        "autumn",
        "monday",
        "friday",
        "january",
        "february",
        "march",
        "april",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "computer",
        "internet",
        "samsung",
        "google",
        "facebook",
        "whatever",
        "trustno",
        "freedom",
        "mustang",
        "access",
        "flower",
        "hello",
        "ginger",
        "pepper",
        "cookie",
        "chocolate",
        "orange",
        "banana",
        "apple",
        "cheese",
        "purple",
        "yellow",
        "silver",
        "golden",
        "diamond",
        "london",
        "liverpool",
        "chelsea",
        "arsenal",
        "manchester",
        "barcelona",
        "india",
        "indian",
        "bharat",
        "mumbai",
        "delhi",
        "bangalore",
        "kolkata",
        "chennai",
        "sachin",
        "krishna",
        "ganesh",
        "hanuman",
        "shiva",
        "sairam",
        "jaimatadi",
        "radhe",
        "test",
        "testing",
        "tester",
        "sample",
        "example",
        "demo",
        "temp",
        "temporary",
        "trading",
        "trader",
        "trade",
        "stock",
        "market",
        "broker",
        "motilal",
        "oswal",
        "desk",
        "platform",
        "company",
        "office",
        "server",
        "system",
        "oracle",
        "database",
    ]
)
